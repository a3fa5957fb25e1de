"""Meta's own Python Business SDK, pointed at a local server.

The SDK itself is used as installed. Its session carries the Graph address in
the attribute `GRAPH`; setting that attribute on one session is all it takes,
so nothing of the SDK's request or answer handling is replaced.
"""

from __future__ import annotations

from facebook_business.adobjects.page import Page
from facebook_business.api import FacebookAdsApi
from facebook_business.session import FacebookSession


def connect(base_url: str, token: str, app_secret: str | None = None, api_version: str | None = None) -> FacebookAdsApi:
    """An SDK client for `token`; with an app secret it sends `appsecret_proof` on every call."""
    session = FacebookSession(app_secret=app_secret, access_token=token, timeout=20)
    session.GRAPH = base_url
    return FacebookAdsApi(session, api_version=api_version)


def page(api: FacebookAdsApi, page_id: str) -> Page:
    return Page(page_id, api=api)


def read(page: Page, fields: list[str] | None = None) -> dict:
    """The one settings object of the Page, as plain data."""
    cursor = page.get_messenger_call_settings(fields=fields)
    assert len(cursor) == 1, f"the SDK read {len(cursor)} settings objects"
    return cursor[0].export_all_data()


def update(page: Page, settings: dict, fields: list[str] | None = None) -> dict:
    return page.create_messenger_call_setting(fields=fields, params=settings).export_all_data()
