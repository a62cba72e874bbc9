"""Dagster's front door: ``defs`` is what the settings file says."""

from stampli_assets.defs.build import build_definitions
from stampli_assets.settings import load_settings

defs = build_definitions(load_settings())
