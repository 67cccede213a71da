"""One module or folder a verb; each is imported when it is called."""
