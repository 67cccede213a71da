"""The operator's terminal: paints the views that the service sends and sends back keys.

It keeps no state and decides nothing: when it dies, a picture is lost and nothing else.
"""

import os
from typing import Final

FRAMES_A_SECOND: Final = 200

# Read by Textual when it is imported. Its own 60 hold a picture back up to 17 ms behind the one
# before: a scan just after the clock's turn would wait for that.
os.environ.setdefault("TEXTUAL_FPS", str(FRAMES_A_SECOND))
