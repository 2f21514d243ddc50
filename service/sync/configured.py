"""The source that the settings name."""

from runtime.settings import SettingsError
from service.settings import ServiceSettings
from service.sync.files import NightlyFiles
from service.sync.sources import ChangeSource, CoreFeed


def source_from(settings: ServiceSettings) -> ChangeSource:
    """The source of changes. Raises SettingsError when what it needs is not set."""
    if settings.sync_source == "feed":
        return CoreFeed.from_settings(settings)
    if settings.sync_folder is None:
        raise SettingsError("DENGHUO_SYNC_FOLDER is missing: name the folder of nightly files.")
    return NightlyFiles(settings.sync_folder, settings.sync_batch)
