import { once } from "node:events";
import { type Socket, connect } from "node:net";
import { callbackify } from "node:util";
import type { NodemailerError, SendMailOptions, SentMessageInfo } from "nodemailer";
import { type Sent, failed, refused } from "./channel.ts";
import { connectionReason } from "./post.ts";

export interface MailServer {
  host: string;
  port: number;
  /** TLS from the first byte (port 465), not by STARTTLS. */
  secure: boolean;
  /** Null: it takes mail from everybody. */
  login: { user: string; password: string } | null;
  /** Certificates (PEM) that are trusted in the place of Node's own. */
  trusted?: string;
}

/** Hands a mail to a server. Tries once, until the signal; never throws. */
export async function sendMail(
  server: MailServer,
  mail: SendMailOptions,
  signal: AbortSignal,
): Promise<Sent> {
  try {
    const transport = await openTransport(server, signal);
    // A message is text: nothing that it names is read from a file or fetched.
    const closed = { disableFileAccess: true, disableUrlAccess: true };
    return judge(await transport.sendMail({ ...mail, ...closed, textEncoding: "base64", signal }));
  } catch (error) {
    return explain(error as NodemailerError, signal);
  }
}

async function openTransport(server: MailServer, signal: AbortSignal) {
  const { createTransport } = await import("nodemailer");
  const { host, port, secure, login, trusted } = server;
  return createTransport({
    host,
    port,
    secure,
    // A password is not sent in the open, whatever the server offers.
    requireTLS: !secure && login !== null && !isLoopback(host),
    ...(login === null
      ? {}
      : { auth: { user: login.user, pass: login.password }, forceAuth: true }),
    tls: trusted === undefined ? {} : { ca: trusted },
    socketCloseTimeout: 0,
    // Names are looked up as the system does it, which knows those of /etc/hosts and of containers.
    getSocket: callbackify(async (_options: object) => ({
      connection: await open(host, port, signal),
    })),
  });
}

async function open(host: string, port: number, signal: AbortSignal): Promise<Socket> {
  const socket = connect({ host, port });
  try {
    await once(socket, "connect", { signal });
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** Servers take a mail for some of those that are named, and refuse the others. */
function judge({ rejectedErrors }: SentMessageInfo): Sent {
  const [first] = (rejectedErrors ?? []) as NodemailerError[];
  return first === undefined ? { ok: true } : explainReply(first);
}

function explain(error: NodemailerError, signal: AbortSignal): Sent {
  const { code, originalCode, command, responseCode } = error;
  if (signal.aborted) return failed(connectionReason(error, signal));
  if (code === "ETLS" && command === "STARTTLS" && responseCode !== undefined) {
    const why = "it offers no TLS, and the password would be read by others";
    return responseCode >= 500 ? refused(why) : failed(why);
  }
  if (responseCode !== undefined) return explainReply(error);
  if (code === "EENVELOPE") return refused("an address of the channel is none");
  // The library's own code says less than that of the system or of TLS.
  return failed(connectionReason({ code: originalCode ?? code }, signal));
}

/** Replies from 500 on are for good (RFC 5321, section 4.2.1). Their texts may be anything. */
function explainReply({ responseCode = 0, command = "CONN" }: NodemailerError): Sent {
  const what = command === "CONN" ? "the connection" : command.split(" ")[0];
  const reason = `it answered ${responseCode} to ${what}`;
  return responseCode >= 500 ? refused(reason) : failed(reason);
}

const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || host.startsWith("127.");
