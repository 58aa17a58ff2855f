"""Shelly's JSON: component statuses, their set-up, and the two shapes of an RPC answer."""

from __future__ import annotations

from typing import Any

from pydantic import Field, model_validator

from integrations.lenient import Flag, Number, Payload, Text


class RpcError(Payload):
    """``{"code": -105, "message": …}``, alone or inside a frame."""

    code: Number = None
    message: Text = None


class Frame(Payload):
    """An answer as a frame (``id``, ``src``, ``result`` or ``error``); plain answers fit too."""

    error: RpcError | None = None
    code: Number = None
    message: Text = None

    def failure(self) -> RpcError | None:
        """What the device refused, None when it did not refuse."""
        if self.error is not None:
            return self.error
        refused = self.code is not None and self.message is not None
        return RpcError(code=self.code, message=self.message) if refused else None


class Counter(Payload):
    """An energy counter, Wh."""

    total: Number = None


class Celsius(Payload):
    """A temperature; ``tC`` is null while the sensor is missing."""

    t_c: Number = Field(default=None, alias="tC")


class OutputPayload(Payload):
    """``switch:N`` or ``light:N`` of ``Shelly.GetStatus``.

    ``apower`` is absent on models without a meter, ``brightness`` (%) on all but lights (dimmers,
    0–10 V outputs). ``timer_started_at`` (epoch s, the device's clock) and ``timer_duration`` (s)
    are there only while a timer runs.
    """

    output: Flag = None
    apower: Number = None
    aenergy: Counter | None = None
    temperature: Celsius | None = None
    brightness: Number = None
    timer_started_at: Number = None
    timer_duration: Number = None


class SysPayload(Payload):
    """``sys``: ``unixtime`` is null until the device has got the time from the network.

    ``cfg_rev`` changes with every change of the set-up.
    """

    unixtime: Number = None
    mac: Text = None
    cfg_rev: Number = None


class StatusPayload(Payload):
    """``Shelly.GetStatus`` with its components sorted by kind and number."""

    sys: SysPayload = Field(default_factory=SysPayload)
    switches: dict[int, OutputPayload] = Field(default_factory=dict)
    lights: dict[int, OutputPayload] = Field(default_factory=dict)
    temperatures: dict[int, Celsius] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _sort(cls, answer: object) -> object:
        if not isinstance(answer, dict):
            return answer
        return {
            "sys": answer.get("sys") or {},
            "switches": _components(answer, "switch"),
            "lights": _components(answer, "light"),
            "temperatures": _components(answer, "temperature"),
        }


class SetupPayload(Payload):
    """What a channel does by itself: after a power cut, and by timers of its own (s)."""

    initial_state: Text = None
    auto_on: Flag = None
    auto_on_delay: Number = None
    auto_off: Flag = None
    auto_off_delay: Number = None


class ConfigPayload(Payload):
    """``Shelly.GetConfig``: the set-up of each channel."""

    switches: dict[int, SetupPayload] = Field(default_factory=dict)
    lights: dict[int, SetupPayload] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _sort(cls, answer: object) -> object:
        if not isinstance(answer, dict):
            return answer
        return {
            "switches": _components(answer, "switch"),
            "lights": _components(answer, "light"),
        }


class DeviceInfo(Payload):
    """``/shelly``: the first generation has ``type`` and no ``gen``."""

    gen: Number = None
    type: Text = None
    mac: Text = None


def result_of(answer: object) -> object:
    """The result inside a frame, or the plain answer itself."""
    if isinstance(answer, dict) and "result" in answer and "src" in answer:
        result: object = answer["result"]
        return result
    return answer


_LARGEST_CHANNEL = 9_999


def _components(answer: dict[Any, object], kind: str) -> dict[int, object]:
    components = {}
    for key, value in answer.items():
        name, _, number = str(key).partition(":")
        plain = (
            number.isascii() and number.isdecimal() and len(number) <= len(str(_LARGEST_CHANNEL))
        )
        if name == kind and plain:
            components[int(number)] = value
    return components
