"""What people would write themselves: the settings of Pages by FastAPI and SQLite.

The endpoints are plain functions, which FastAPI runs in its pool of threads, since SQLite's calls
block. Run by `cargo xtask bench full` as one uvicorn process.
"""

import os
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, Path
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from models import SettingsAnswer, SettingsUpdate, UpdateAnswer
from store import Store

store = Store(os.environ["SERVICE_STORE"])
store.add_token(os.environ["SERVICE_TOKEN"])

bearer = HTTPBearer(auto_error=False)


def check_token(credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]) -> None:
    if credentials is None or not store.knows_token(credentials.credentials):
        raise HTTPException(status_code=401, detail="Invalid access token")


app = FastAPI(dependencies=[Depends(check_token)])

PageId = Annotated[int, Path(gt=0, lt=2**63)]


@app.get("/{version}/{page_id}/messenger_call_settings", response_model_exclude_none=True)
def read_settings(version: str, page_id: PageId) -> SettingsAnswer:
    return SettingsAnswer(data=[store.settings(page_id)])


@app.post("/{version}/{page_id}/messenger_call_settings")
def update_settings(version: str, page_id: PageId, update: SettingsUpdate) -> UpdateAnswer:
    store.update(page_id, update)
    return UpdateAnswer()
