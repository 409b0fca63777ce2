"""What the owner decided: settings from `config.toml`, secret files and the environment.

The only room that reads the environment, and the working directory for `config.toml`. It says in
sentences what is wrong; what follows from a setting is for others to say. The table of all keys is
`config.example.toml`.
"""

from bot.config.describing import describe
from bot.config.loading import load_settings
from bot.config.settings import FixedSettings, Settings
from bot.config.sources import find_config, wants_colour

__all__ = ["FixedSettings", "Settings", "describe", "find_config", "load_settings", "wants_colour"]
