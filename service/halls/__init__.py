"""Business halls: where a person can go, when somebody is there, and what is done there.

They come from a YAML file that the utility brings (`DENGHUO_HALLS_FILE`, `docs/halls.md`); the
shipped one is of the demo utility. `places` answers pages and the assistant.
"""
