import { isIP } from "node:net";
import { hostname } from "node:os";
import { type Sent, failed, refused } from "../channels/channel.ts";
import { connectionReason } from "../channels/post.ts";
import { type ConnectionInput, type MailConnection, openMailConnection } from "./connection.ts";
import { addressOf } from "./mail-text.ts";
import type { Reply } from "./replies.ts";

export interface MailServer extends ConnectionInput {
  /** Null: it takes mail from everybody. */
  login: { user: string; password: string } | null;
}

export interface Envelope {
  from: string;
  to: readonly string[];
  /** Lines that end with CR LF. */
  text: string;
}

/** The server's answer to a command was not what lets the mail go on. */
class Refusal extends Error {
  readonly code: number;

  constructor(what: string, code: number) {
    super(`it answered ${code} to ${what}`);
    this.code = code;
  }
}

/** Hands a mail to a server by SMTP (RFC 5321, 3207, 4954). Tries once; never throws. */
export async function sendMail(
  server: MailServer,
  envelope: Envelope,
  signal: AbortSignal,
): Promise<Sent> {
  let connection: MailConnection | null = null;
  try {
    connection = await openMailConnection(server, signal);
    const isReady = await greet(connection, server);
    if (!isReady) return refused("it offers no TLS, and the password would be read by others");
    await deliver(connection, envelope);
    return { ok: true };
  } catch (error) {
    if (error instanceof Refusal) {
      // Replies from 500 on are for good (RFC 5321, section 4.2.1).
      return error.code >= 500 ? refused(error.message) : failed(error.message);
    }
    return failed(connectionReason(error, signal));
  } finally {
    connection?.end();
  }
}

/** @returns false where a password would have to be sent in the open */
async function greet(connection: MailConnection, server: MailServer): Promise<boolean> {
  const { secure, login, host } = server;
  const hello = `EHLO ${isIP(hostname()) === 0 ? hostname() : "localhost"}`;
  expectCode(await connection.ask(null), 220, "the connection");
  let offers = expectCode(await connection.ask(hello), 250, "EHLO");
  let encrypted = secure;
  if (!secure && offers.lines.some((line) => /^STARTTLS\b/i.test(line))) {
    expectCode(await connection.ask("STARTTLS"), 220, "STARTTLS");
    await connection.encrypt();
    encrypted = true;
    offers = expectCode(await connection.ask(hello), 250, "EHLO");
  }
  if (login === null) return true;
  if (!encrypted && !isLoopback(host)) return false;
  await logIn(connection, login, offers);
  return true;
}

async function logIn(
  connection: MailConnection,
  { user, password }: NonNullable<MailServer["login"]>,
  { lines }: Reply,
): Promise<void> {
  const base64 = (text: string) => Buffer.from(text, "utf8").toString("base64");
  const ways = lines.find((line) => /^AUTH\b/i.test(line)) ?? "";
  if (/\bLOGIN\b/i.test(ways) && !/\bPLAIN\b/i.test(ways)) {
    expectCode(await connection.ask("AUTH LOGIN"), 334, "AUTH");
    expectCode(await connection.ask(base64(user)), 334, "AUTH");
    expectCode(await connection.ask(base64(password)), 235, "AUTH");
    return;
  }
  const words = `AUTH PLAIN ${base64(`\0${user}\0${password}`)}`;
  expectCode(await connection.ask(words), 235, "AUTH");
}

async function deliver(connection: MailConnection, { from, to, text }: Envelope): Promise<void> {
  expectCode(await connection.ask(`MAIL FROM:<${plainAddress(from)}>`), 250, "MAIL");
  for (const one of to) {
    expectCode(await connection.ask(`RCPT TO:<${plainAddress(one)}>`), 250, "RCPT");
  }
  expectCode(await connection.ask("DATA"), 354, "DATA");
  // A line that begins with a dot would end the mail (section 4.5.2).
  expectCode(await connection.ask(`${text.replaceAll(/^\./gm, "..")}.`), 250, "the mail");
  await connection.ask("QUIT").catch(() => {});
}

/** An address cannot break out of its command. */
const plainAddress = (written: string): string => addressOf(written).replaceAll(/[\s<>]/g, "");

/** 251 and 252 are as good as 250: the mail is taken. */
function expectCode(reply: Reply, code: number, what: string): Reply {
  if (Math.floor(reply.code / 10) !== Math.floor(code / 10)) throw new Refusal(what, reply.code);
  return reply;
}

const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || host.startsWith("127.");
