"""The one error tree of the hardware border: what happened, and what it leaves behind."""


class DriverError(Exception):
    """A device did not do what was asked. `str()` reads `who: what was tried: what happened`."""

    def __init__(self, who: str, tried: str, happened: str) -> None:
        super().__init__(f"{who}: {tried}: {happened}")
        self.who = who
        self.tried = tried
        self.happened = happened


class DriverNotFoundError(DriverError, FileNotFoundError):
    """The device is not there: unplugged, wrong path, library missing."""


class DriverBusyError(DriverError):
    """Somebody else holds the device, e.g. another program grabbed the scanner."""


class DriverGrabbedError(DriverBusyError):
    """A keyboard is grabbed by somebody else: its codes go there, and none would come here."""


class DriverRightsError(DriverError, PermissionError):
    """This user may not open the device; the message names the cure."""


class DriverTimeoutError(DriverError, TimeoutError):
    """No answer in time and nothing was changed by the question."""


class DriverLostError(DriverError, ConnectionError):
    """The link broke before anything was written, or while only reading."""


class DriverProtocolError(DriverError, ValueError):
    """The device answered something its contract does not allow."""
