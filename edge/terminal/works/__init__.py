"""The work region: one module per thing that is being done, each a pure function of the view."""
