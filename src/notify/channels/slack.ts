import { type Level, type Message, headingOf, linesOf } from "../event.ts";
import type { Channel } from "./channel.ts";
import { postJson } from "./post.ts";

const colors: Record<Level, string> = {
  info: "#2f6fab",
  warning: "#d9a514",
  error: "#c0392b",
  critical: "#7b1fa2",
};
const recoveredColor = "#2e8b57";

/** An incoming webhook: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks */
export function openSlack({ url, now }: { url: string; now: () => Date }): Channel {
  return {
    send: (message, signal) =>
      postJson({ url, body: JSON.stringify(describe(message)), signal, now }),
  };
}

function describe(message: Message) {
  const color = message.recovered === null ? colors[message.level] : recoveredColor;
  return {
    text: `*${escape(headingOf(message))}*`,
    attachments: [{ color, text: linesOf(message).map(escape).join("\n") }],
  };
}

/** Slack reads these three as its own marks. */
const escape = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
