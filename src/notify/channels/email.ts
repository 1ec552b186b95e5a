import { type Message, headingOf, linesOf } from "../event.ts";
import { type MailServer, sendMail } from "../smtp/send-mail.ts";
import { mailText } from "../smtp/mail-text.ts";
import type { Channel } from "./channel.ts";

export interface EmailInput extends MailServer {
  from: string;
  to: readonly string[];
}

/** One mail to all that are named. */
export function openEmail({ from, to, ...server }: EmailInput): Channel {
  return {
    send: (message, signal) =>
      sendMail(server, { from, to, text: write(message, from, to) }, signal),
  };
}

function write(message: Message, from: string, to: readonly string[]): string {
  return mailText({
    id: message.id,
    from,
    to,
    subject: headingOf(message),
    date: new Date(message.at),
    body: linesOf(message).join("\n\n"),
  });
}
