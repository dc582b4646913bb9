"""Settings of an Orthos 2 that lives as long as a test: its own, but for what belongs to a place."""

import os

from orthos2.settings import *  # noqa: F403

SECRET_KEY = "of a test"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.path.join(os.environ["ORTHOS_FOLDER"], "orthos.sqlite3"),
    }
}
