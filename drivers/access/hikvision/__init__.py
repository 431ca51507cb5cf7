"""Hikvision access terminals and controllers, by ISAPI over HTTP."""
