import type { AddressInfo } from "node:net";
import { SMTPServer, type SMTPServerAddress, type SMTPServerOptions } from "smtp-server";

export interface ReceivedMail {
  from: string;
  to: string[];
  text: string;
  encrypted: boolean;
  /** As `user password`; null without a login. */
  login: string | null;
}

/** What a command is answered in the place of "fine": a code and its text. */
export interface Refusal {
  code: number;
  text: string;
}

export interface SmtpSettings {
  /** Offers STARTTLS. */
  tls?: { key: string; cert: string };
  /** Speaks TLS from the first byte instead. */
  secure?: boolean;
  /** What it offers of AUTH. */
  auth?: "PLAIN" | "LOGIN";
  /** Takes no login. */
  locked?: Refusal;
  /** Recipients that it does not take. */
  refused?: Record<string, Refusal>;
}

export interface SmtpServer {
  port: number;
  mails: ReceivedMail[];
  /** The first word of every command that it was sent. */
  heard: string[];
  close(): Promise<void>;
}

type Reply = (error?: Error | null) => void;

/** A mail server that keeps what it is sent. */
export async function startSmtp(settings: SmtpSettings = {}): Promise<SmtpServer> {
  const mails: ReceivedMail[] = [];
  const heard: string[] = [];
  const server = new SMTPServer({
    ...transportOf(settings),
    authMethods: [settings.auth ?? "PLAIN"],
    authOptional: true,
    allowInsecureAuth: true,
    logger: listening(heard) as never,
    onAuth({ username, password }, _session, done) {
      if (settings.locked === undefined) done(null, { user: `${username} ${password}` });
      else done(errorOf(settings.locked));
    },
    onRcptTo({ address }: SMTPServerAddress, _session: unknown, done: Reply) {
      const refusal = settings.refused?.[address];
      done(refusal === undefined ? null : errorOf(refusal));
    },
    onData(stream, session, done) {
      const { mailFrom, rcptTo } = session.envelope;
      const from = mailFrom === false ? "" : mailFrom.address;
      const to = rcptTo.map(({ address }) => address);
      const login = session.user ?? null;
      let whole = "";
      stream.setEncoding("utf8").on("data", (piece: string) => (whole += piece));
      stream.on("end", () => {
        mails.push({ from, to, text: whole, encrypted: session.secure, login });
        done();
      });
    },
  });
  // A caller that does not trust the certificate ends the connection.
  server.on("error", () => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.server.address() as AddressInfo).port,
    mails,
    heard,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function transportOf({ tls, secure = false, auth }: SmtpSettings): SMTPServerOptions {
  const disabledCommands = [
    ...(tls === undefined ? ["STARTTLS"] : []),
    ...(auth === undefined ? ["AUTH"] : []),
  ];
  return { ...tls, secure, disabledCommands, closeTimeout: 100 };
}

const errorOf = ({ code, text: words }: Refusal): Error =>
  Object.assign(new Error(words), { responseCode: code });

/** A log for the server, of which each command that arrives is kept: `C: RCPT TO:<…>`. */
function listening(heard: string[]): object {
  const ignore = (): void => {};
  const debug = ({ tnx }: { tnx?: string }, _format: string, command: string): void => {
    if (tnx === "command") heard.push(command.split(" ")[0]?.toUpperCase() ?? "");
  };
  return { trace: ignore, debug, info: ignore, warn: ignore, error: ignore, fatal: ignore };
}
