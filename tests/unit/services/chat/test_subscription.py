"""What a listener hears: its topics, the newest events, and the end."""

from __future__ import annotations

from services.chat.subscription import QUEUE, Subscription


async def heard(subscription: Subscription) -> list[str]:
    """Everything up to the end."""
    await subscription.aclose()
    return [topic async for topic, _ in subscription]


async def test_only_wanted_topics_are_heard() -> None:
    subscription = Subscription(frozenset({"decision"}))
    for topic in ("decision", "alert", "decision"):
        subscription.offer(topic, {})
    assert await heard(subscription) == ["decision", "decision"]


async def test_without_topics_all_are_heard() -> None:
    subscription = Subscription(frozenset())
    for topic in ("decision", "alert"):
        subscription.offer(topic, {})
    assert await heard(subscription) == ["decision", "alert"]


async def test_a_slow_listener_loses_the_oldest_and_still_hears_the_end() -> None:
    subscription = Subscription(frozenset())
    for number in range(QUEUE + 2):
        subscription.offer(str(number), {})
    told = await heard(subscription)
    assert (told[0], told[-1], len(told)) == ("3", str(QUEUE + 1), QUEUE - 1)
