/**
 * Loads a page again whose program did not arrive whole: where the network changes (a cable, another Wi-Fi), browsers drop what is
 * on its way. A plain script, since it is modules that may be missing.
 */
{
  const TIMES_MAX = 3;
  const PAUSE_MS = 1000;
  let isWhole = true;

  addEventListener("error", ({ target }) => {
    if (!(target instanceof HTMLScriptElement)) return;
    isWhole = false;
    // In the tab's history: the only place that is left where a browser keeps nothing.
    const times = (history.state?.loadedAgain ?? 0) + 1;
    if (times > TIMES_MAX) return say();
    history.replaceState({ loadedAgain: times }, "");
    void loadAgain();
  }, true);

  addEventListener("load", () => {
    if (isWhole && history.state?.loadedAgain) history.replaceState(null, "");
  });

  /** As soon as the server answers: a browser's own page about errors would be the end of it. */
  const loadAgain = async () => {
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      try {
        await fetch(location.href);
        return location.reload();
      } catch {
        say();
      }
    }
  };

  const say = () => {
    const said = document.getElementById("not-started");
    if (said) said.hidden = false;
    // It stays in English where even that does not arrive.
    import("./catalogue.js").then(({ loadCatalogue }) => loadCatalogue(navigator.language.startsWith("fr") ? "fr" : "en")).catch(() => {});
  };
}
