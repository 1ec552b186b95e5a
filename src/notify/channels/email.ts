import { createHash } from "node:crypto";
import { type Message, headingOf, linesOf } from "../event.ts";
import type { Channel } from "./channel.ts";
import { type MailServer, sendMail } from "./send-mail.ts";

export interface EmailInput extends MailServer {
  from: string;
  to: readonly string[];
}

/** One mail to all that are named. */
export function openEmail({ from, to, ...server }: EmailInput): Channel {
  return {
    send: (message, signal) => sendMail(server, write(message, from, to), signal),
  };
}

function write(message: Message, from: string, to: readonly string[]) {
  const host = /@([^@<>\s]+)>?\s*$/.exec(from)?.[1] ?? "localhost";
  const hash = createHash("sha256").update(message.id).digest("hex").slice(0, 32);
  return {
    // The same for each attempt to send it, so that receivers can tell a copy.
    messageId: `<${hash}@${host}>`,
    from,
    to: [...to],
    subject: headingOf(message),
    date: new Date(message.at),
    text: linesOf(message).join("\n\n"),
    headers: { "Auto-Submitted": "auto-generated" },
  };
}
