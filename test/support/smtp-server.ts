import { type AddressInfo, type Server, type Socket, createServer } from "node:net";
import { TLSSocket, createSecureContext } from "node:tls";

export interface ReceivedMail {
  from: string;
  to: string[];
  text: string;
  encrypted: boolean;
  /** As `user password`; null without a login. */
  login: string | null;
}

export interface SmtpSettings {
  /** Offers STARTTLS. */
  tls?: { key: string; cert: string };
  /** Speaks TLS from the first byte instead. */
  secure?: boolean;
  /** What it offers of AUTH. */
  auth?: "PLAIN" | "LOGIN";
  /** Answers to the first word of a command, in the place of its own. */
  replies?: Record<string, string>;
  /** Answers to recipients that it does not take. */
  refused?: Record<string, string>;
}

export interface SmtpServer {
  port: number;
  mails: ReceivedMail[];
  /** Every line that it was sent. */
  heard: string[];
  close(): Promise<void>;
}

/** A mail server as RFC 5321 describes one, which keeps what it is sent. */
export async function startSmtp(settings: SmtpSettings = {}): Promise<SmtpServer> {
  const mails: ReceivedMail[] = [];
  const heard: string[] = [];
  const sockets = new Set<Socket>();
  const server: Server = createServer((plain) => {
    sockets.add(plain);
    const encrypted = settings.secure === true && settings.tls !== undefined;
    const socket = encrypted ? secured(plain, settings) : plain;
    plain.on("error", () => {});
    socket.on("error", () => {});
    socket.write("220-first line\r\n220 mail.example ready\r\n");
    talk(socket, { settings, mails, heard, encrypted });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    mails,
    heard,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

const secured = (socket: Socket, { tls }: SmtpSettings): TLSSocket =>
  new TLSSocket(socket, { isServer: true, secureContext: createSecureContext(tls) });

interface Session extends Pick<SmtpServer, "mails" | "heard"> {
  settings: SmtpSettings;
  encrypted: boolean;
}

function talk(socket: Socket, session: Session): void {
  const { settings, mails, heard, encrypted } = session;
  const fresh = (): ReceivedMail => ({ from: "", to: [], text: "", encrypted, login: null });
  let mail = fresh();
  let mode: "commands" | "data" | "user" | "password" = "commands";
  const say = (reply: string) => void socket.write(`${reply}\r\n`);
  const decode = (text: string) => Buffer.from(text, "base64").toString("utf8");
  const take = (line: string) => {
    heard.push(line);
    if (mode === "data") {
      if (line !== ".") return void (mail.text += `${line.replace(/^\./, "")}\r\n`);
      mails.push(mail);
      mail = fresh();
      mode = "commands";
      return say("250 taken");
    }
    if (mode === "user" || mode === "password") {
      const isUser = mode === "user";
      mail.login = isUser ? decode(line) : `${mail.login} ${decode(line)}`;
      mode = isUser ? "password" : "commands";
      return say(isUser ? "334 UGFzc3dvcmQ6" : "235 welcome");
    }
    const word = line.split(" ")[0]?.toUpperCase() ?? "";
    const rest = line.replace(/^\S+ ?/, "");
    const reply = settings.replies?.[word];
    if (reply !== undefined) return say(reply);
    if (word === "EHLO") {
      const offers = [
        ...(settings.tls !== undefined && !encrypted ? ["STARTTLS"] : []),
        ...(settings.auth === undefined ? [] : [`AUTH ${settings.auth}`]),
      ];
      return say([...offers.map((offer) => `250-${offer}`), "250 8BITMIME"].join("\r\n"));
    }
    const refusal = Object.entries(settings.refused ?? {}).find(([to]) => rest.includes(to));
    if (word === "RCPT" && refusal !== undefined) return say(refusal[1]);
    if (word === "STARTTLS" && settings.tls === undefined) return say("502 not here");
    if (word === "STARTTLS" && settings.tls !== undefined) {
      say("220 go ahead");
      socket.removeAllListeners("data");
      const upgraded = secured(socket, settings);
      upgraded.on("error", () => {});
      return talk(upgraded, { ...session, encrypted: true });
    }
    if (word === "AUTH" && rest === "LOGIN") {
      mode = "user";
      return say("334 VXNlcm5hbWU6");
    }
    if (word === "AUTH") {
      mail.login = decode(rest.replace(/^PLAIN /, ""))
        .replace(/^\0/, "")
        .replace("\0", " ");
      return say("235 welcome");
    }
    if (word === "MAIL") mail.from = rest;
    if (word === "RCPT") mail.to.push(rest);
    if (word === "DATA") {
      mode = "data";
      return say("354 end with a dot");
    }
    return say(word === "QUIT" ? "221 bye" : "250 fine");
  };
  let read = "";
  socket.on("data", (chunk) => {
    const lines = (read + chunk.toString("utf8")).split("\r\n");
    read = lines.pop() ?? "";
    for (const line of lines) take(line);
  });
}
