from client_agent.input.keys import KEYS, x11_keycode

# UI Events KeyboardEvent code Values (W3C), without the keys that no system numbers: Fn, FnLock, Abort, Hyper, Super, Turbo,
# Resume, NumpadBackspace, NumpadClear, NumpadClearEntry, NumpadHash, NumpadMemory*, NumpadStar.
STANDARD = """
Backquote Backslash BracketLeft BracketRight Comma Digit0 Digit1 Digit2 Digit3 Digit4 Digit5 Digit6 Digit7 Digit8 Digit9
Equal IntlBackslash IntlRo IntlYen KeyA KeyB KeyC KeyD KeyE KeyF KeyG KeyH KeyI KeyJ KeyK KeyL KeyM KeyN KeyO KeyP KeyQ
KeyR KeyS KeyT KeyU KeyV KeyW KeyX KeyY KeyZ Minus Period Quote Semicolon Slash AltLeft AltRight Backspace CapsLock
ContextMenu ControlLeft ControlRight Enter MetaLeft MetaRight ShiftLeft ShiftRight Space Tab Convert KanaMode Lang1 Lang2
Lang3 Lang4 Lang5 NonConvert Delete End Help Home Insert PageDown PageUp ArrowDown ArrowLeft ArrowRight ArrowUp NumLock
Numpad0 Numpad1 Numpad2 Numpad3 Numpad4 Numpad5 Numpad6 Numpad7 Numpad8 Numpad9 NumpadAdd NumpadComma NumpadDecimal
NumpadDivide NumpadEnter NumpadEqual NumpadMultiply NumpadParenLeft NumpadParenRight NumpadSubtract Escape F1 F2 F3 F4 F5
F6 F7 F8 F9 F10 F11 F12 PrintScreen ScrollLock Pause BrowserBack BrowserFavorites BrowserForward BrowserHome
BrowserRefresh BrowserSearch BrowserStop Eject LaunchApp1 LaunchApp2 LaunchMail MediaPlayPause MediaSelect MediaStop
MediaTrackNext MediaTrackPrevious Power Sleep AudioVolumeDown AudioVolumeMute AudioVolumeUp WakeUp Suspend Again Copy Cut
Find Open Paste Props Select Undo Hiragana Katakana F13 F24
"""


def test_every_standard_key_is_known() -> None:
    assert set(STANDARD.split()) - set(KEYS) == set()


def test_no_two_keys_are_one_but_the_two_names_of_kana_keys() -> None:
    by_number: dict[int, list[str]] = {}
    for code, key in KEYS.items():
        by_number.setdefault(key.evdev, []).append(code)
    assert [codes for codes in by_number.values() if len(codes) > 1] == [["Lang3", "Katakana"], ["Lang4", "Hiragana"]]


def test_every_key_has_an_x_keycode() -> None:
    assert all(9 <= (x11_keycode(code) or 0) <= 255 for code in KEYS)
    assert x11_keycode("Fn") is None
