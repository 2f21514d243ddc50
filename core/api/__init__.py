"""The core's HTTP interface, one module a resource. docs/core-api.md tells how to use it."""
