"""The settings are split by concern, and the environment says what differs between machines.

Without any variable set the site runs on a laptop: SQLite, a folder as broker and a generated
secret, all under ``DATA_DIR``. ``PRODUCTION=true`` switches to the strict rules of `security` and
of the other modules.
"""

from skinsite.settings.accounts import *  # noqa: F403
from skinsite.settings.analysis import *  # noqa: F403
from skinsite.settings.base import *  # noqa: F403
from skinsite.settings.logs import *  # noqa: F403
from skinsite.settings.security import *  # noqa: F403
from skinsite.settings.storage import *  # noqa: F403
