/** Signal handling of one run: the first signal asks, the second one ends. */
export interface Signals {
  signal: AbortSignal;
  /** The name of the first signal received, or null. */
  received(): "SIGINT" | "SIGTERM" | null;
  /** As if SIGTERM had been received. */
  interrupt(): void;
}

/**
 * @param say told at once what a signal will do
 * @param end called for the second SIGINT: leaves at once, the journal is as it is
 */
export function watchSignals(say: (text: string) => void, end: () => void): Signals {
  const controller = new AbortController();
  let first: "SIGINT" | "SIGTERM" | null = null;
  const receive = (name: "SIGINT" | "SIGTERM") => {
    if (first !== null) {
      if (name === "SIGINT") end();
      return;
    }
    first = name;
    say(`${name} received: ending in good order. Ctrl-C again stops at once.`);
    controller.abort(name);
  };
  process.on("SIGINT", () => receive("SIGINT"));
  process.on("SIGTERM", () => receive("SIGTERM"));
  const interrupt = () => receive("SIGTERM");
  return { signal: controller.signal, received: () => first, interrupt };
}
