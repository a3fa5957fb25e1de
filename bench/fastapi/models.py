"""The settings of a Page, as documents on the wire."""

from enum import StrEnum
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, model_validator

TIMEZONES = available_timezones()


def known_timezone(name: str) -> str:
    if name not in TIMEZONES:
        raise ValueError("not an IANA time-zone name")
    return name


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class RingTarget(StrEnum):
    META = "META"
    PARTNERS = "PARTNERS"


class DayOfWeek(StrEnum):
    MONDAY = "MONDAY"
    TUESDAY = "TUESDAY"
    WEDNESDAY = "WEDNESDAY"
    THURSDAY = "THURSDAY"
    FRIDAY = "FRIDAY"
    SATURDAY = "SATURDAY"
    SUNDAY = "SUNDAY"


Time = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3])[0-5][0-9]$")]
Timezone = Annotated[str, AfterValidator(known_timezone)]


class OperatingHours(Strict):
    day_of_week: DayOfWeek
    open_time: Time
    close_time: Time

    @model_validator(mode="after")
    def opens_before_it_closes(self) -> "OperatingHours":
        if self.open_time >= self.close_time:
            raise ValueError("close_time must be after open_time")
        return self


class CallHours(Strict):
    timezone_id: Timezone
    weekly_operating_hours: list[OperatingHours]

    @model_validator(mode="after")
    def one_span_a_day(self) -> "CallHours":
        days = [hours.day_of_week for hours in self.weekly_operating_hours]
        if len(days) != len(set(days)):
            raise ValueError("a day has more than one entry")
        return self


class CallRouting(Strict):
    ring_target: RingTarget


class Settings(Strict):
    audio_enabled: bool = True
    icon_enabled: bool = True
    video_enabled: bool = False
    call_routing: CallRouting = CallRouting(ring_target=RingTarget.META)
    call_hours: CallHours | None = None


class SettingsUpdate(Strict):
    """What a POST may hold; a field that is not sent stays as it is."""

    audio_enabled: bool | None = None
    icon_enabled: bool | None = None
    video_enabled: bool | None = None
    call_routing: CallRouting | None = None
    call_hours: CallHours | None = None


class SettingsAnswer(BaseModel):
    data: list[Settings]


class UpdateAnswer(BaseModel):
    result: str = "success"
