"""Events going out: one pump a target, at least once, in order, poison set aside."""
