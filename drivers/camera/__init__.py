"""Cameras: the worker process that decodes and photographs, and its client in the service."""
