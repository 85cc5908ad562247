"""Codes that are not right: the customer and the technician both hear what happened and what to do next."""

import asyncio

from tests.journeys.stage import Stage

FIELD = "Support code or link"


async def test_after_three_wrong_codes_the_code_is_used_up_and_one_press_gives_a_new_one(stage: Stage) -> None:
    code = await stage.reach_code()
    wrong = f"{code.split()[0]} 000 0001"
    stage.start_agent()
    for _attempt in range(3):
        await type_code(stage, wrong)
        await stage.customer_reads("The code does not match.")
    await stage.technician_reads("Three wrong attempts")
    await stage.technician_reads("code is used up")
    await type_code(stage, code)
    await stage.customer_reads("That code has expired. Ask for a new one.")

    await stage.page.locator("#new-code").click()
    await type_code(stage, await stage.read_code())
    await stage.technician.wait_for_prompt()
    await stage.customer_sees("Let them see my screen")


async def type_code(stage: Stage, code: str) -> None:
    """The customer types into the field and presses Return; what stood there is replaced."""
    await stage.customer_sees(FIELD)

    def work() -> None:
        run = stage.display.run
        (field,) = run("xdotool", "search", "--onlyvisible", "--name", f"^{FIELD}$").split()
        run("xdotool", "mousemove", "--window", field, "20", "20", "click", "1")
        run("xdotool", "key", "ctrl+a")
        run("xdotool", "type", code)
        run("xdotool", "key", "Return")

    await asyncio.to_thread(work)
