/** The player's buttons and keys, the clicks on the picture, and the time. */
import { _ } from "../catalogue.js";
import { button, clock, element, get, input } from "../dom.js";
import { Player } from "./player.js";

const CLICK_SHOWN_MS = 700;
const JUMP_MS = 10_000;

export class PlayerView {
  /** @type {Player | undefined} */
  player;

  /** @param {{ startMs: () => number, onTime: (atMs: number, words: string) => void, nextMark: (afterMs: number) => number | undefined }} listener */
  constructor(listener) {
    this.listener = listener;
    for (const speed of Player.SPEEDS) element("speed", HTMLSelectElement).add(new Option(`${String(speed).replace(".", ",")}×`, String(speed), speed === 1, speed === 1));
    button("play").onclick = () => this.toggle();
    button("step").onclick = () => void this.player?.step();
    element("speed", HTMLSelectElement).onchange = () => { if (this.player) this.player.speed = Number(element("speed", HTMLSelectElement).value); };
    input("skip-idle").onchange = () => { if (this.player) this.player.skipsIdle = input("skip-idle").checked; };
    addEventListener("keydown", (event) => this.#key(event));
  }

  /** @param {Player} player */
  show(player) {
    this.player?.pause();
    this.player = player;
    get("player").hidden = false;
    this.time();
  }

  /** Nothing is played any more. */
  hide() {
    this.player?.pause();
    this.player = undefined;
    get("player").hidden = true;
  }

  toggle() {
    if (this.player?.isPlaying) this.player.pause();
    else this.player?.play();
    this.time();
  }

  /** Say where the player is. */
  time() {
    const { player } = this;
    if (!player) return;
    const start = this.listener.startMs(), words = clock(Math.max(0, player.atMs - start) / 1000);
    get("time").textContent = `${words} / ${clock(Math.max(0, player.endMs - start) / 1000)}`;
    button("play").textContent = player.isPlaying ? _("Pause") : _("Play");
    this.listener.onTime(player.atMs, words);
  }

  /** What the technician did, on the picture. @param {{ kind: string, screen: number, x: number, y: number }} applied */
  input(applied) {
    get("input-told").textContent = applied.kind === "keys" ? _("The technician types") : applied.kind === "wheel" ? _("The technician scrolls") : _("The technician clicks");
    if (applied.kind !== "button") return;
    const screen = element("screen", HTMLCanvasElement), scale = screen.clientWidth / screen.width || 1;
    const ring = document.createElement("div");
    ring.className = "click";
    ring.style.left = `${applied.x * scale}px`;
    ring.style.top = `${applied.y * scale}px`;
    get("clicks").append(ring);
    setTimeout(() => ring.remove(), CLICK_SHOWN_MS);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const { target, key } = event;
    if (event.ctrlKey || event.altKey || event.metaKey || (target instanceof HTMLElement && target.matches("input:not([type=range], [type=checkbox]), textarea, select"))) return;
    const help = element("help", HTMLDialogElement);
    if (key === "?") {
      help.showModal();
      return event.preventDefault();
    }
    const { player } = this;
    if (!player || help.open) return;
    if (key === " " && !(target instanceof HTMLButtonElement)) this.toggle();
    else if (key === ".") void player.step();
    else if (key === "ArrowLeft") void player.seek(player.atMs - JUMP_MS);
    else if (key === "ArrowRight") void player.seek(player.atMs + JUMP_MS);
    else if (key === "+" || key === "-") this.#faster(key === "+" ? 1 : -1);
    else if (key === "n" || key === "N") {
      const next = this.listener.nextMark(player.atMs);
      if (next !== undefined) void player.seek(next);
    } else return;
    event.preventDefault();
  }

  /** @param {number} by */
  #faster(by) {
    const speeds = element("speed", HTMLSelectElement);
    speeds.selectedIndex = Math.min(speeds.length - 1, Math.max(0, speeds.selectedIndex + by));
    speeds.dispatchEvent(new Event("change"));
  }
}
