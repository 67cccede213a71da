"""The operator's terminal: paints the views that the service sends and sends back keys.

It keeps no state and decides nothing: when it dies, a picture is lost and nothing else.
"""
