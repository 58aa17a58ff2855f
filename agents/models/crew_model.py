"""The crew's model: asks a chain of models in order; counts, streams and stops."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from crewai.events.types.llm_events import LLMCallType
from crewai.llms.base_llm import BaseLLM, llm_call_context
from pydantic import PrivateAttr
from typing_extensions import override

from agents.models.chat_model import ChatModel, ChatRequest, Completion, ModelFailed, ModelRefused
from agents.models.settings import BUILT_IN
from agents.models.tokens import count, count_request
from agents.run_context import GivenUp, RunContext, current

if TYPE_CHECKING:
    from crewai.agents.agent_builder.base_agent import BaseAgent
    from crewai.task import Task
    from pydantic import BaseModel

WINDOW = 100_000
"""Context window reported to the crew, tokens; our own budget is far smaller."""


class CrewModel(BaseLLM):
    """Asks the models of its chain in order; the last is the built-in one, which never fails."""

    _chain: tuple[ChatModel, ...] = PrivateAttr(default=())

    @classmethod
    def of(cls, chain: Sequence[ChatModel]) -> CrewModel:
        """A crew model over ``chain``, named for its first."""
        made = cls(model=chain[0].name, stream=True, provider="commandcenter")
        made._chain = tuple(chain)
        return made

    @override
    def call(
        self,
        messages: Any,
        tools: list[dict[str, Any]] | None = None,
        callbacks: list[Any] | None = None,
        available_functions: dict[str, Any] | None = None,
        from_task: Task | None = None,
        from_agent: BaseAgent | None = None,
        response_model: type[BaseModel] | None = None,
    ) -> str | list[dict[str, Any]]:
        """One call, counted and streamed.

        Raises:
            agents.run_context.RunAborted: The run was stopped, or no model may be asked.
        """
        run = current()
        run.begin_call()
        request = ChatRequest(
            messages=[dict(message) for message in self._format_messages(messages)],
            tools=slim(tools or []),
        )
        with llm_call_context():
            sink = _Sink(self, run, from_agent)
            self._emit_call_started_event(messages=[], from_task=None, from_agent=from_agent)
            name, completion = self._ask(request, sink, run)
            _count_usage(run, name, request, completion)
            answer: str | list[dict[str, Any]] = completion.text
            kind = LLMCallType.LLM_CALL
            if completion.tool_calls:
                answer = [call.to_json() for call in completion.tool_calls]
                kind = LLMCallType.TOOL_CALL
            self._emit_call_completed_event(
                response=completion.text, call_type=kind, from_agent=from_agent, messages=[]
            )
        return answer

    def emit_piece(self, piece: str, agent: BaseAgent | None) -> None:
        """Put a piece of text into the crew's event stream."""
        self._emit_stream_chunk_event(chunk=piece, from_agent=agent, call_type=LLMCallType.LLM_CALL)

    def take_back(self, agent: BaseAgent | None) -> None:
        """Tell the event stream that the text of this call is void."""
        self._emit_call_failed_event(error="retry", from_agent=agent)

    def _ask(self, request: ChatRequest, sink: _Sink, run: RunContext) -> tuple[str, Completion]:
        chain = (
            [model for model in self._chain if model.name == BUILT_IN]
            if run.stood_in
            else self._chain
        )
        failure: ModelFailed | None = None
        for model in chain:
            try:
                return model.name, model.complete(request, sink)
            except ModelRefused as error:
                raise GivenUp(error) from error
            except ModelFailed as error:
                sink.restart()
                failure = error
                self._stand_in(model, error, run)
        detail = "no model is configured" if failure is None else failure.detail
        raise GivenUp(failure or ModelFailed(model=self.model, detail=detail))

    def _stand_in(self, failed: ChatModel, error: ModelFailed, run: RunContext) -> None:
        """Note that the next model answers; once it is the built-in one, it answers the whole
        run.
        """
        after = self._chain[self._chain.index(failed) + 1 :]
        if after:
            next_name = after[0].name
            run.notice(f"{error}. The {_called(next_name)} answered instead.")
            run.stood_in = next_name == BUILT_IN

    def supports_function_calling(self) -> bool:
        """Native tool calls, always."""
        return True

    @override
    def supports_stop_words(self) -> bool:
        """Native tool calls need no stop words."""
        return False

    @override
    def get_context_window_size(self) -> int:
        """A large number, so that the crew never moves a tool result into a file."""
        return WINDOW

    @override
    def get_input_tokens_count(
        self, messages: Any, tools: Any = None, response_model: Any = None
    ) -> int:
        """Counted as sent."""
        if isinstance(messages, str):
            return count(messages)
        return count_request(messages, slim(tools or []))


class _Sink:
    """Passes the text of one call to the crew's event stream."""

    def __init__(self, model: CrewModel, run: RunContext, agent: BaseAgent | None) -> None:
        self._model, self._run, self._agent = model, run, agent
        self._sent = 0

    def text(self, piece: str) -> None:
        """Emit, unless the run was stopped or the answer is long enough."""
        self._run.check()
        left = self._run.limits.answer_chars - self._sent
        self._sent += len(piece)
        self._model.emit_piece(piece[:left], self._agent)
        if len(piece) > left:
            raise self._run.too_long()

    def restart(self) -> None:
        """Take back what was sent of this call."""
        if self._sent:
            self._sent = 0
            self._model.take_back(self._agent)


def _called(name: str) -> str:
    return "built-in model" if name == BUILT_IN else f"model {name}"


def _count_usage(run: RunContext, name: str, request: ChatRequest, completion: Completion) -> None:
    prompt, written = completion.prompt_tokens, completion.completion_tokens
    if prompt is None:
        prompt = count_request(request.messages, request.tools)
    if written is None:
        text = completion.text + "".join(call.arguments for call in completion.tool_calls)
        written = count(text)
    run.usage.add(model=name, prompt=prompt, completion=written, cost_usd=completion.cost_usd)


def slim(tools: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Tool schemas without titles, defaults and strictness: half the tokens, the same meaning."""
    return [
        {
            "type": "function",
            "function": {
                "name": tool["function"]["name"],
                "description": tool["function"].get("description", ""),
                "parameters": _slim_schema(tool["function"].get("parameters") or {}),
            },
        }
        for tool in tools
    ]


def _slim_schema(schema: dict[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = schema.get("properties") or {}
    required = [name for name in schema.get("required") or [] if not _optional(fields[name])]
    slimmed = {name: _slim_field(field) for name, field in fields.items()}
    result: dict[str, Any] = {"type": "object", "properties": slimmed}
    return {**result, "required": required} if required else result


def _optional(field: dict[str, Any]) -> bool:
    return "default" in field or any(
        option.get("type") == "null" for option in field.get("anyOf") or []
    )


def _slim_field(field: dict[str, Any]) -> dict[str, Any]:
    options = [option for option in field.get("anyOf") or [] if option.get("type") != "null"]
    core = options[0] if len(options) == 1 else field
    kept = {key: core[key] for key in ("type", "enum", "items") if key in core}
    if "description" in field:
        kept["description"] = field["description"]
    return kept
