import type { Socket } from "node:net";

export interface Reply {
  code: number;
  /** Without their codes. */
  lines: string[];
}

export interface Replies {
  /** The next reply; an error once the connection failed or ended. */
  next(): Promise<Reply>;
  /** Listens no longer. @throws Error where something was said that nobody asked for */
  stop(): void;
}

/** Characters of a reply; what is longer is none. */
const longestReply = 64_000;

/** Reads replies of a mail server (RFC 5321, section 4.2), which may have several lines each. */
export function readReplies(socket: Socket): Replies {
  const read: Reply[] = [];
  let [rest, lines, failure]: [string, string[], Error | null] = ["", [], null];
  let wake = () => {};
  const fail = (error: Error) => {
    failure ??= error;
    wake();
  };
  const take = (line: string) => {
    const match = /^(\d{3})([ -]?)(.*)$/.exec(line);
    if (match === null) return fail(new Error("what it says is no SMTP"));
    lines.push(match[3] ?? "");
    if (match[2] === "-") return;
    read.push({ code: Number(match[1]), lines });
    lines = [];
  };
  const onData = (chunk: Buffer) => {
    rest += chunk.toString("latin1");
    const parts = rest.split("\n");
    rest = parts.pop() ?? "";
    for (const part of parts) take(part.replace(/\r$/, ""));
    if (rest.length > longestReply || lines.length > 1000) fail(new Error("its reply has no end"));
    wake();
  };
  const onEnd = () => fail(new Error("it ended the connection"));
  socket.on("data", onData).on("error", fail).on("close", onEnd);
  return {
    async next() {
      for (;;) {
        const reply = read.shift();
        if (reply !== undefined) return reply;
        if (failure !== null) throw failure;
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
    stop() {
      socket.off("data", onData);
      if (rest !== "" || read.length > 0) throw new Error("it speaks out of turn");
    },
  };
}
