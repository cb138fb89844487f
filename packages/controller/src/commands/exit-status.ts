/** What a command's exit status says. */
export const EXIT = {
  fine: 0,
  /** There are findings: errors in `check`, differences in `diff` and `migrate`. */
  findings: 1,
  /** The command could not do its work: bad usage, input that is not there, no Envoy. */
  trouble: 2,
  /** `migrate`: something is refused, or a protection is lost. */
  refused: 3,
} as const;
