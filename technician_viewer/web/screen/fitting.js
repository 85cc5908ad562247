/** How large the picture is on the page: as large as fits, or one pixel there for one pixel here. */
export class Fitting {
  isExact = false;

  /** @param {HTMLElement} stage @param {HTMLCanvasElement} canvas @param {() => void} onChange its size on the page has changed */
  constructor(stage, canvas, onChange) {
    this.stage = stage;
    this.canvas = canvas;
    this.onChange = onChange;
    new ResizeObserver(() => this.apply()).observe(stage);
  }

  /** @param {boolean} isExact */
  choose(isExact) {
    this.isExact = isExact;
    this.stage.dataset.scale = isExact ? "exact" : "fit";
    this.apply();
  }

  /** After the window or the remote screen has changed. */
  apply() {
    const { width, height } = this.canvas;
    const { clientWidth, clientHeight } = this.stage;
    if (!clientWidth || !clientHeight) return;
    // Device pixels, not the page's: on a screen of double density 1:1 is half as large, and sharp.
    const scale = this.isExact ? 1 / devicePixelRatio : Math.min(clientWidth / width, clientHeight / height);
    this.canvas.style.width = `${Math.floor(width * scale)}px`;
    this.canvas.style.height = `${Math.floor(height * scale)}px`;
    this.onChange();
  }
}
