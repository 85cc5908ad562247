/** The page of a form that was refused begins at its top; the reason stands where one typed, often far below, and is read first. */

const reason = [...document.querySelectorAll("main [role=alert]")].find((one) => one instanceof HTMLElement && one.checkVisibility());
if (reason instanceof HTMLElement) {
  reason.tabIndex = -1;
  reason.focus();
}
