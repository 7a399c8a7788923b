// Random choices that a seed repeats; BG_SEED sets it.
export const SEED = Number(process.env.BG_SEED ?? 1);
if (!Number.isSafeInteger(SEED)) throw new Error(`BG_SEED must be a whole number, not ${process.env.BG_SEED}`);

const PRINTABLE = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).join('');

export class Random {
  #state = 2166136261;

  // A sequence of its own for each name, so that none depends on what was drawn before it. FNV-1a makes the start of it.
  constructor(name) {
    for (const character of `${SEED} ${name}`) this.#state = Math.imul(this.#state ^ character.codePointAt(0), 16777619);
  }

  // From 0 up to, not including, `count`. The generator is mulberry32.
  below(count) {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * count);
  }

  between(low, high) {
    return low + this.below(high - low + 1);
  }

  pick(list) {
    return list[this.below(list.length)];
  }

  text(length, characters = PRINTABLE) {
    return Array.from({ length }, () => this.pick(characters)).join('');
  }

  // `text` with `piece` put somewhere into it.
  insert(text, piece) {
    const at = this.below(text.length + 1);
    return text.slice(0, at) + piece + text.slice(at);
  }
}
