"""Each way in which the app says no has a page of its own, that can be seen where it is said, and that says what to do."""

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e import checks, pictures
from tests.e2e.browser import window
from tests.e2e.refusals import REFUSALS, Stage
from tests.e2e.screens import ELDER, button, framed, headed


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_says_what_happened_and_what_to_do_and_nothing_of_the_patient(browser: Browser, stage: Stage, name: str) -> None:
    refused, title, todo = REFUSALS[name]
    with window(browser) as (context, met):
        view = refused(context.new_page(), stage)
        headed(view, title)
        expect(view.locator("main")).to_contain_text(todo)
        assert not any(word in view.content() for word in ("Edna", "Sample", "1952-03-14"))
        for check in (checks.accessible, checks.small_targets, checks.wide):
            assert check(view) == []
        assert pictures.taken(view, f"refusal-{name}") == []
        assert met.breaches == []
        assert met.strangers(stage.demo.page_url, stage.demo.app_url, stage.demo.issuer) == []


def test_an_expired_token_is_renewed_without_a_word(browser: Browser, stage: Stage) -> None:
    with window(browser) as (context, _):
        frame = framed(context.new_page(), stage.demo, ELDER)
        launch, tokens = stage.launch_id(frame), stage.services.tokens(stage.services.settings.tenants[0])
        before, shown = tokens.get(launch), frame.locator("main").inner_text()
        assert before is not None
        stage.demo.grants.expire_access_tokens()
        with frame.page.expect_response(lambda answer: answer.url.endswith("/refresh")):
            button(frame, "Refresh").click()
        frame.wait_for_load_state()
        headed(frame, "What is taken")
        after = tokens.get(launch)
        assert after is not None
        assert after.access_token.reveal() != before.access_token.reveal()
        assert stage.launch_id(frame) == launch
        assert frame.locator("main").inner_text() == shown
