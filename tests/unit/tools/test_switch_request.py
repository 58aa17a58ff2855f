"""What an owner's sentence asks to switch: exactly one load now, or a question back."""

from __future__ import annotations

import pytest

from tools.device_names import NamedDevice
from tools.switch_request import NotPossible, Wish, switch_request

PRIMARY, DUMP = "Primary S21+ (Revenue)", "Dump Load S19 #1"
FAN, HEATER = "Heat Room fan", "Main Room heater"
SITE = (
    NamedDevice(name=PRIMARY, is_miner=True),
    NamedDevice(name=DUMP, is_miner=True),
    NamedDevice(name=FAN),
    NamedDevice(name=HEATER),
)

ASKED: list[tuple[str, str, bool]] = [
    # plain
    ("turn on the dump load", DUMP, True),
    ("Turn off the dump load", DUMP, False),
    ("turn the dump load on", DUMP, True),
    ("turn the dump load off.", DUMP, False),
    ("Switch on the primary", PRIMARY, True),
    ("switch the primary off", PRIMARY, False),
    ("start the S19", DUMP, True),
    ("stop the S19", DUMP, False),
    ("start s21", PRIMARY, True),
    ("start the S21+", PRIMARY, True),
    ("Run the S21", PRIMARY, True),
    ("pause the S21", PRIMARY, False),
    ("resume the S21", PRIMARY, True),
    ("shut down the S19", DUMP, False),
    ("shut off the S19", DUMP, False),
    ("shut the S19 down", DUMP, False),
    ("power up the S21", PRIMARY, True),
    ("power the S21 down", PRIMARY, False),
    ("power off the heater", HEATER, False),
    ("kill the S19", DUMP, False),
    ("fire up the S21", PRIMARY, True),
    ("activate the dump load", DUMP, True),
    ("deactivate the dump load", DUMP, False),
    ("bring the S19 online", DUMP, True),
    ("take the S19 offline", DUMP, False),
    ("stop running the S21", PRIMARY, False),
    ("start mining with the S19", DUMP, True),
    ("get the S19 going", DUMP, True),
    ("make the S19 stop", DUMP, False),
    ("heater off", HEATER, False),
    ("S19 on", DUMP, True),
    ("I want the heater off", HEATER, False),
    ("turn on the fan", FAN, True),
    ("turn off the heater", HEATER, False),
    ("turn off the main room heater", HEATER, False),
    # the whole name, and parts of it
    (f"turn on {DUMP}", DUMP, True),
    (f"turn off {PRIMARY}!", PRIMARY, False),
    ("start the dump load s19 #1", DUMP, True),
    ("start s19 #1", DUMP, True),
    ("start the dump load miner", DUMP, True),
    ("start the primary miner", PRIMARY, True),
    ("stop the revenue miner", PRIMARY, False),
    ("start the dumpload", DUMP, True),
    ("start the s 19", DUMP, True),
    ("start the S-19", DUMP, True),
    # polite
    ("Please turn on the dump load", DUMP, True),
    ("Can you switch off the heater?", HEATER, False),
    ("Could you please turn the S19 on for me?", DUMP, True),
    ("Would you mind turning off the heater?", HEATER, False),
    ("would you mind stopping the S19, please?", DUMP, False),
    ("Hi there, can you start the S21 now please?", PRIMARY, True),
    ("Hey, please stop the primary miner. Thanks!", PRIMARY, False),
    ("I'd like you to start the S19 again", DUMP, True),
    ("I would like to turn on the heater", HEATER, True),
    ("I need you to shut off the S19 right now", DUMP, False),
    ("go ahead and turn on the dump load", DUMP, True),
    ("let's start the S19", DUMP, True),
    ("propose to turn on the dump load", DUMP, True),
    ("Suggest turning on the dump load", DUMP, True),
    ("yes, turn on the heater", HEATER, True),
    ("you should turn off the S19", DUMP, False),
    ("turn off the fan in the heat room", FAN, False),
    ('turn on "the heater"', HEATER, True),
    ("turn the S19 back on", DUMP, True),
    ("turn off the S19 immediately!!", DUMP, False),
    # with a question beside it
    ("What is my battery voltage? Turn on the dump load.", DUMP, True),
    ("Turn on the dump load. How much sun was there yesterday?", DUMP, True),
    ("It is cold. Turn on the heater.", HEATER, True),
    # slips of the keys
    ("trun on the dump load", DUMP, True),
    ("tunr off the heater", HEATER, False),
    ("swich off the heater", HEATER, False),
    ("swtich on the S19", DUMP, True),
    ("sotp the S19", DUMP, False),
    ("strat the S21", PRIMARY, True),
    ("plase turn off the heater", HEATER, False),
    ("turn on the dmup load", DUMP, True),
    ("turn off the heatre", HEATER, False),
    ("turn off the hearter", HEATER, False),
    ("turn on teh heater", HEATER, True),
    ("start the primry", PRIMARY, True),
    ("shutdown the S19", DUMP, False),
    ("turnoff the heater", HEATER, False),
    ("TURN ON THE HEATER", HEATER, True),
    ("  turn   on\nthe heater ", HEATER, True),
]

STOP = "Press STOP"
TIME = "for later or for a time"
CONDITION = "depends on something"
NEGATION = "not to keep it from"
COMPOUND = "one switch at a time"
LEVEL = "only propose on or off"
WHICH = "Which one?"
HOW = "did not understand"
SURE = "without a question mark"

ASKED_BACK: list[tuple[str, str]] = [
    # times and durations
    ("run the S21 for 2 hours then stop", TIME),
    ("turn off at 1 pm", TIME),
    ("turn off the S19 at 1 pm", TIME),
    ("turn on the heater at 13:00", TIME),
    ("start the S19 in 10 minutes", TIME),
    ("in ten minutes stop the S19", TIME),
    ("start the S19 for an hour", TIME),
    ("turn on the heater for half an hour", TIME),
    ("run the S19 until sunset", TIME),
    ("run the S19 till 5", TIME),
    ("turn on the heater tonight", TIME),
    ("tomorrow morning start the S21", TIME),
    ("start the S19 later", TIME),
    ("stop the S21 after lunch", TIME),
    ("turn the heater on every night", TIME),
    ("at noon turn off the heater", TIME),
    ("turn on the heater for a while", TIME),
    ("turn on the S19 for now", TIME),
    ("turn on the heater from 6 to 8", TIME),
    ("turn on the S19 on Monday", TIME),
    ("Turn on the heater. In an hour.", TIME),
    ("turn off the S19 in 30m", TIME),
    ("turn off the S19 by midnight", TIME),
    ("can you start the S21 at 9am?", TIME),
    ("start S19 2h", TIME),
    ("turn on the heater temporarily", TIME),
    # conditions
    ("turn on the S19 if the battery is full", CONDITION),
    ("if it is cold turn on the heater", ""),
    ("start the S21 when there is enough sun", CONDITION),
    ("when the battery is full, start the S19", ""),
    ("stop the S19 once the battery drops below 50 V", CONDITION),
    ("turn on the dump load unless it is cloudy", CONDITION),
    ("start the S19 as soon as the sun is out", CONDITION),
    ("turn off the heater while the S21 runs", CONDITION),
    ("only turn on the heater below 5 degrees", CONDITION),
    ("Turn on the dump load. Only if the battery allows it.", CONDITION),
    ("can you turn on the S19 if there is enough sun?", CONDITION),
    # negations
    ("don't turn on the S19", NEGATION),
    ("do not start the S21", NEGATION),
    ("please don't stop the primary", NEGATION),
    ("never run the S19 at night", NEGATION),
    ("dont switch off the heater", NEGATION),
    ("keep the S21 off", NEGATION),
    ("keep the heater on", NEGATION),
    ("leave the S19 running", NEGATION),
    ("stop turning off the S19", NEGATION),
    ("turn on the S19 without draining the battery", NEGATION),
    ("turn off the heater, not the fan", NEGATION),
    ("I don't want the S19 running", NEGATION),
    ("you must not start the S19", NEGATION),
    ("turn on the S19 instead of the S21", NEGATION),
    ("turn off all miners except the S21", NEGATION),
    ("turn on anything but the S19", NEGATION),
    ("ok, turn on the heater. No wait.", NEGATION),
    # two loads, two things
    ("turn on the S19 and the S21", COMPOUND),
    ("turn on the S19 and turn off the S21", COMPOUND),
    ("start the S19, stop the S21", COMPOUND),
    ("turn on the S19 or the S21", COMPOUND),
    ("turn on S19 S21", COMPOUND),
    (f"turn off {DUMP} {PRIMARY}", COMPOUND),
    ("Turn on the S19. Turn off the S21.", COMPOUND),
    ("turn on the heater and tell me the battery voltage", COMPOUND),
    ("start all miners", COMPOUND),
    ("turn everything on", COMPOUND),
    ("start both miners", COMPOUND),
    ("turn on the miners", COMPOUND),
    ("start every miner", COMPOUND),
    ("restart the S19 then start the S21", COMPOUND),
    ("turn the heater off and on again", COMPOUND),
    ("stop the S19 then start it", COMPOUND),
    # levels and units
    ("turn the heater to 21 °C", LEVEL),
    ("run the S21 at 50 %", LEVEL),
    ("start the S19 with 2000 W", LEVEL),
    ("run the fan at half speed", LEVEL),
    ("start the S19 in low power mode", LEVEL),
    ("switch to aggressive mode", LEVEL),
    ("turn the heater up a little", LEVEL),
    # names
    ("start miner 1", WHICH),
    ("start #1", WHICH),
    ("turn on load 1", WHICH),
    ("turn on number one", WHICH),
    ("turn it on", WHICH),
    ("turn off the miner", WHICH),
    ("start the S20", WHICH),
    ("start the S19 #2", WHICH),
    ("start the S19 pro", WHICH),
    ("turn on the toaster", WHICH),
    ("turn on the heat", ""),
    ("turn on room", WHICH),
    ("start", ""),
    ("turn on", ""),
    ("turn the S19", HOW),
    ("turn of the S19", HOW),
    ("toggle and stop the S19", COMPOUND),
    ("let the S19 run", ""),
    ("the S19 should be off", ""),
    ("turn on the S19?", SURE),
    ("heater off?", SURE),
    ("turn off the power to the S19", ""),
    ("restart the S19", COMPOUND),
    ("reboot the miner", COMPOUND),
    ("make sure the S19 is off", HOW),
    ("have the heater switched on", ""),
    ("the S19 should be turned on", HOW),
    ("he said turn on the heater", HOW),
    ("no, turn off the S19", NEGATION),
    ("maybe turn on the S19", HOW),
    ("could you possibly turn on the S19?", HOW),
    ("turn s19 on or off", COMPOUND),
    ("turn on the S19 because it is sunny", CONDITION),
    ("start the generator", WHICH),
    ("start charging", WHICH),
    # everything: STOP first
    ("shut down", STOP),
    ("power off", STOP),
    ("abort abort", STOP),
    ("please stop all", STOP),
    ("emergency: turn off the heater", STOP),
    ("Emergency stop!!", STOP),
    ("EMERGENCY", STOP),
    ("e-stop", STOP),
    ("emergency stop now please", STOP),
    ("please do an emergency stop", STOP),
    ("shut everything down", STOP),
    ("Shut everything down now!", STOP),
    ("turn everything off", STOP),
    ("switch off everything", STOP),
    ("stop everything", STOP),
    ("STOP!", STOP),
    ("stop", STOP),
    ("stop stop stop", STOP),
    ("stop it", STOP),
    ("all off", STOP),
    ("everything off please", STOP),
    ("kill all the power", STOP),
    ("cut the power", STOP),
    ("shut down the site", STOP),
    ("can you shut the whole site down?", STOP),
    ("turn off all miners", STOP),
    ("stop all loads", STOP),
    ("stop mining", STOP),
    ("there is smoke in the miner room", STOP),
    ("The S19 is on fire", STOP),
    ("pull the plug", STOP),
]

NOT_ASKED = [
    "Should I turn on the dump load?",
    "What happens if I turn on the dump load?",
    "What if the dump load started at 52 V?",
    "Why did you turn off the S19?",
    "Did you turn on the heater?",
    "Who turned off the S21?",
    "When was the primary switched on?",
    "How do I turn on the S19?",
    "Can I run the S19 now?",
    "Could I start the dump load?",
    "May I start the S19?",
    "Is it safe to turn on the heater?",
    "Would it be wise to stop the primary?",
    "Can you tell me when the S19 will start?",
    "Could you explain why the S19 is off?",
    "Would you recommend to turn on the S19?",
    "Tell me what would start the S19",
    "Is the dump load on?",
    "Are the miners running?",
    "Which miners are running?",
    "the S19 is off",
    "the heater was turned off yesterday",
    "The S19 stopped last night",
    "What is the stop voltage of the S19?",
    "stop voltage of the S19",
    "start voltage?",
    "emergency stop voltage of the S21",
    "Is the emergency stop latched?",
    "What does the emergency stop do?",
    "Why did everything shut down?",
    "How long did the S19 run today?",
    "run history of the S19",
    "power",
    "power usage today",
    "run a what-if with 52 V",
    "battery voltage?",
    "Hello",
    "thanks",
    "",
    "?!",
    "I wonder if the S19 should run",
    "do you think the S19 should be on?",
    "What would change if the heater were off?",
    "What is on?",
    "Give me an overview",
    "How much power do I have for miners?",
]


@pytest.mark.parametrize(("words", "load", "on"), ASKED)
def test_one_load_now_is_understood(words: str, load: str, on: bool) -> None:
    assert switch_request(words, SITE) == Wish(load=load, on=on)


@pytest.mark.parametrize(("words", "sentence"), ASKED_BACK)
def test_anything_else_is_asked_back_with_what_can_be_done(words: str, sentence: str) -> None:
    answer = switch_request(words, SITE)
    assert isinstance(answer, NotPossible), answer
    assert sentence in answer.sentence


@pytest.mark.parametrize("words", NOT_ASKED)
def test_questions_and_statements_ask_for_no_switch(words: str) -> None:
    assert switch_request(words, SITE) is None


TWINS = (
    NamedDevice(name="S19 #1", is_miner=True),
    NamedDevice(name="S19 #2", is_miner=True),
    NamedDevice(name="S21 #2", is_miner=True),
    NamedDevice(name="Pool heater"),
    NamedDevice(name="Room heater"),
)
NUMBERED = (
    NamedDevice(name="Miner 1", is_miner=True),
    NamedDevice(name="Miner 10", is_miner=True),
    NamedDevice(name="Miner 2 (night owl)", is_miner=True),
    NamedDevice(name="Heat and Hold"),
    NamedDevice(name="S21", is_miner=True),
    NamedDevice(name="S21+", is_miner=True),
    NamedDevice(name="Backup If Needed"),
    NamedDevice(name="Gewächshaus Heizung"),
)
ALONE = (NamedDevice(name="Antminer S19", is_miner=True), NamedDevice(name="Heater"))


@pytest.mark.parametrize(
    ("devices", "words", "wanted"),
    [
        pytest.param(TWINS, "start the S19", None, id="twins"),
        pytest.param(TWINS, "start miner 2", None, id="two with that number"),
        pytest.param(TWINS, "start miner 1", None, id="a number names nothing"),
        pytest.param(TWINS, "start S19 2", Wish(load="S19 #2", on=True), id="model and number"),
        pytest.param(TWINS, "stop S19 #1", Wish(load="S19 #1", on=False), id="whole name"),
        pytest.param(TWINS, "turn on the heater", None, id="two heaters"),
        pytest.param(TWINS, "pool heater on", Wish(load="Pool heater", on=True), id="the one"),
        pytest.param(NUMBERED, "start miner 1", Wish(load="Miner 1", on=True), id="named so"),
        pytest.param(NUMBERED, "start miner 10", Wish(load="Miner 10", on=True), id="not 1"),
        pytest.param(NUMBERED, "start miner 3", None, id="no such number"),
        pytest.param(
            NUMBERED,
            "stop Miner 2 (night owl)",
            Wish(load="Miner 2 (night owl)", on=False),
            id="a time in the name",
        ),
        pytest.param(
            NUMBERED,
            "turn on Heat and Hold",
            Wish(load="Heat and Hold", on=True),
            id="and in the name",
        ),
        pytest.param(
            NUMBERED,
            "turn on backup if needed please",
            Wish(load="Backup If Needed", on=True),
            id="if in the name",
        ),
        pytest.param(NUMBERED, "start S21", Wish(load="S21", on=True), id="without plus"),
        pytest.param(NUMBERED, "start S21+", Wish(load="S21+", on=True), id="with plus"),
        pytest.param(
            NUMBERED,
            "turn on gewächshaus heizung",
            Wish(load="Gewächshaus Heizung", on=True),
            id="not only ASCII",
        ),
        pytest.param(ALONE, "stop the miner", Wish(load="Antminer S19", on=False), id="only one"),
        pytest.param(ALONE, "start antminer", Wish(load="Antminer S19", on=True), id="brand"),
        pytest.param(ALONE, "heater on!", Wish(load="Heater", on=True), id="kind is the name"),
        pytest.param((), "turn on the heater", None, id="no loads at all"),
        pytest.param((), "emergency stop", None, id="no loads, emergency"),
    ],
)
def test_names(devices: tuple[NamedDevice, ...], words: str, wanted: Wish | None) -> None:
    answer = switch_request(words, devices)
    if wanted is None:
        assert isinstance(answer, NotPossible)
    else:
        assert answer == wanted


def test_emergencies_name_stop_first() -> None:
    answer = switch_request("Emergency stop!!", SITE)
    assert isinstance(answer, NotPossible)
    assert answer.sentence.startswith("Press STOP: it is on every page")


@pytest.mark.parametrize("words", ["x" * 4000, "turn on " * 500, "stop the " * 450, "a? " * 1300])
@pytest.mark.timeout(5)
def test_long_messages_are_read_quickly(words: str) -> None:
    assert not isinstance(switch_request(words, SITE), Wish)
