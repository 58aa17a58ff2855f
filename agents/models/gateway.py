"""Models of any provider through LiteLLM: tool calls, streaming, timeouts, retries, cost.

LiteLLM runs on its own event loop in a background thread, so that a stopped run closes its
connection at once, even while the provider is silent. Only ``start`` imports LiteLLM.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import queue
import random
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import Future
from datetime import date
from types import ModuleType
from typing import Any, Final, TypeVar

import structlog

from agents.models.answer_stream import AnswerStream
from agents.models.chat_model import (
    ChatRequest,
    Completion,
    ModelFailed,
    ModelRefused,
    TextSink,
)
from agents.models.settings import ModelSettings
from agents.run_context import current
from services.clock import Clock

T = TypeVar("T")

_log = structlog.get_logger(__name__)

CHECK_S = 0.05
CLOSE_S = 1.0
"""Wall seconds for the connections to close, and for the thread to end."""

LONGEST_WAIT_S = 10.0
REFUSED: Final = frozenset({401, 403})
UNKNOWN_MODEL: Final = 404


class GatewayLoop:
    """The background event loop and the LiteLLM module, shared by all models of the process."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self.litellm: ModuleType | None = None

    def start(self) -> None:
        """Import LiteLLM (takes seconds) and start the loop; a second call does nothing."""
        with self._lock:
            if self._loop is not None:
                return
            import litellm  # noqa: PLC0415 - seconds and memory that the built-in model doesn't need

            litellm.suppress_debug_info = True
            litellm.drop_params = True
            litellm.telemetry = False
            self.litellm = litellm
            loop = asyncio.new_event_loop()
            self._thread = threading.Thread(
                target=loop.run_forever, name="model-gateway", daemon=True
            )
            self._thread.start()
            self._loop = loop

    def submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Run a coroutine on the loop."""
        self.start()
        assert self._loop is not None  # noqa: S101 - start() has set it
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def close(self) -> None:
        """Close the clients and stop the loop."""
        with self._lock:
            loop, self._loop = self._loop, None
        if loop is None or self._thread is None:
            return
        with contextlib.suppress(TimeoutError):
            asyncio.run_coroutine_threadsafe(_wind_up(), loop).result(timeout=CLOSE_S)
        loop.call_soon_threadsafe(loop.stop)
        self._thread.join(timeout=CLOSE_S)
        if not self._thread.is_alive():
            loop.close()


async def _wind_up() -> None:
    tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    cleanup: Any = importlib.import_module("litellm.llms.custom_httpx.async_client_cleanup")
    await cleanup.close_litellm_async_clients()


class Spending:
    """The cost of today's calls, compared with the limit per day (UTC)."""

    def __init__(self, *, clock: Clock, limit_usd: float | None) -> None:
        """``limit_usd`` None: no limit."""
        self._clock, self._limit = clock, limit_usd
        self._day: date | None = None
        self._spent = 0.0
        self._lock = threading.Lock()

    def add(self, cost_usd: float | None) -> None:
        """Count a call; an unknown price counts as nothing."""
        with self._lock:
            self._turn_day()
            self._spent += 0.0 if cost_usd is None else cost_usd

    def exhausted(self) -> bool:
        """Whether the limit is reached."""
        with self._lock:
            self._turn_day()
            return self._limit is not None and self._spent >= self._limit

    def _turn_day(self) -> None:
        today = self._clock.now().date()
        if today != self._day:
            self._day, self._spent = today, 0.0


class GatewayModel:
    """A ``ChatModel`` over LiteLLM."""

    def __init__(
        self,
        *,
        model: str,
        settings: ModelSettings,
        gateway: GatewayLoop,
        spending: Spending,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """``model`` by LiteLLM's name; ``jitter`` gives 0…1 to spread retries."""
        self._model, self._settings = model, settings
        self._gateway, self._spending, self._jitter = gateway, spending, jitter

    @property
    def name(self) -> str:
        """LiteLLM's name of the model."""
        return self._model

    def complete(self, request: ChatRequest, sink: TextSink) -> Completion:
        """Ask, with retries for failures that may pass.

        Raises:
            ModelFailed: No answer after all tries, or over budget.
            ModelRefused: The key or the model's name is wrong.
        """
        if self._spending.exhausted():
            raise ModelFailed(model=self._model, detail="today's spending limit is reached")
        for attempt in range(self._settings.retries + 1):
            try:
                return self._once(request, sink)
            except ModelFailed:
                if attempt == self._settings.retries:
                    raise
                sink.restart()
                self._wait(attempt)
        raise AssertionError("unreachable")

    def _once(self, request: ChatRequest, sink: TextSink) -> Completion:
        run = current()
        pieces: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        answer = AnswerStream(most_chars=run.limits.answer_chars)
        future = self._gateway.submit(self._stream(request, answer, pieces.put))
        try:
            while True:
                run.check()
                try:
                    piece = pieces.get(timeout=CHECK_S)
                except queue.Empty:
                    continue
                if piece is None:
                    break
                sink.text(piece)
            future.result()
        except BaseException as error:
            future.cancel()
            if isinstance(error, Exception):
                raise self._understood(error) from error
            raise
        if answer.too_long:
            raise run.too_long()
        return self._finished(answer)

    async def _stream(
        self, request: ChatRequest, answer: AnswerStream, put: Callable[[str | None], None]
    ) -> None:
        try:
            chunks = await asyncio.wait_for(self._open(request), self._settings.timeout_s)
            iterator = aiter(chunks)
            while not answer.too_long:
                try:
                    chunk = await asyncio.wait_for(anext(iterator), self._settings.timeout_s)
                except StopAsyncIteration:
                    break
                piece = answer.add(chunk)
                if piece:
                    put(piece)
        finally:
            put(None)

    async def _open(self, request: ChatRequest) -> AsyncIterator[Any]:
        litellm: Any = self._gateway.litellm
        settings = self._settings
        options: dict[str, Any] = {"tools": list(request.tools)} if request.tools else {}
        if settings.base_url is not None:
            options["base_url"] = settings.base_url
        key = settings.api_key
        if key is None and settings.base_url is not None and not self._key_in_environment(litellm):
            key = "not-needed"
        if key is not None:
            options["api_key"] = key
        opened: AsyncIterator[Any] = await litellm.acompletion(
            model=self._model,
            messages=list(request.messages),
            stream=True,
            stream_options={"include_usage": True},
            max_tokens=settings.max_output_tokens,
            timeout=settings.timeout_s,
            num_retries=0,
            max_retries=0,
            _skip_mcp_handler=True,  # its import fails beside the crew's version of mcp
            **options,
        )
        return opened

    def _key_in_environment(self, litellm: Any) -> bool:  # noqa: ANN401 - a module
        return bool(litellm.validate_environment(self._model)["keys_in_environment"])

    def _finished(self, answer: AnswerStream) -> Completion:
        text = "".join(answer.text)
        calls = answer.tool_calls(self._model)
        if not calls and not text.strip():
            raise ModelFailed(model=self._model, detail="it gave an empty answer")
        cost = self._cost(answer)
        self._spending.add(cost)
        return Completion(
            text=text,
            tool_calls=calls,
            prompt_tokens=answer.prompt_tokens,
            completion_tokens=answer.completion_tokens,
            cost_usd=cost,
        )

    def _cost(self, answer: AnswerStream) -> float | None:
        litellm: Any = self._gateway.litellm
        try:
            prompt, completion = litellm.cost_per_token(
                model=self._model,
                prompt_tokens=_known(answer.prompt_tokens),
                completion_tokens=_known(answer.completion_tokens),
            )
        except Exception:  # noqa: BLE001 - LiteLLM raises a bare Exception for a model without price
            return None
        return float(prompt) + float(completion)

    def _understood(self, error: Exception) -> Exception:
        """The error to raise for a provider's error."""
        if isinstance(error, ModelFailed):
            return error
        status = getattr(error, "status_code", None)
        where = self._settings.base_url or "its provider"
        if status in REFUSED:
            return ModelRefused(
                model=self._model,
                detail=f"{where} refused the key (HTTP {status})",
                advice="Set the provider's key (e.g. OPENAI_API_KEY), or unset LLM_MODEL to use "
                "the built-in model.",
            )
        if status == UNKNOWN_MODEL:
            return ModelRefused(
                model=self._model,
                detail=f"{where} does not know it (HTTP {status})",
                advice="Set LLM_MODEL to a model that it offers.",
            )
        _log.warning("model_failed", model=self._model, error=type(error).__name__)
        return ModelFailed(model=self._model, detail=f"{where}: {_reason(error, status)}")

    def _wait(self, attempt: int) -> None:
        """Wait before the next try; a stopped run doesn't wait."""
        run = current()
        seconds = self._settings.backoff_s * 2**attempt * (0.75 + 0.5 * self._jitter())
        left = min(LONGEST_WAIT_S, seconds)
        pause = threading.Event()
        while left > 0:
            run.check()
            pause.wait(min(CHECK_S, left))
            left -= CHECK_S


def _reason(error: Exception, status: int | None) -> str:
    if isinstance(error, TimeoutError) or "Timeout" in type(error).__name__:
        return "no answer in time"
    if "Connection" in type(error).__name__ or "connection error" in str(error).casefold():
        return "no connection"
    if status is not None:
        return f"HTTP {status}"
    return type(error).__name__


def _known(tokens: int | None) -> int:
    """The count for the price; 0 where the provider doesn't say."""
    return 0 if tokens is None else tokens
