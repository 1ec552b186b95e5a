import { setTimeout as sleep } from "node:timers/promises";
import type { Command, Outcome } from "../cli/command.ts";
import type { Project } from "../config/project.ts";
import { StudioError, exitCodes } from "../errors.ts";
import { type Shipment, prepareShipment, sendContents, sendMessage } from "./files/send-files.ts";
import { writeFrame } from "./frames.ts";
import { Ear } from "./ear.ts";
import { crashed, failedLaunch, lostRun } from "./lost.ts";
import { Play } from "./play.ts";
import type { Following, Opening, Order } from "./protocol.ts";
import type { Scene } from "./scene.ts";
import type { Connection, Session } from "./ssh/connection.ts";

export interface Conversation {
  scene: Scene;
  project: Project;
  order: Order;
  command: Command;
  /** Connects, and tells the line that starts studio there with the given words. */
  open: () => Promise<[Connection, (...argv: string[]) => string]>;
}

/** Milliseconds before each attempt to find a run again whose connection broke. */
const pauses = [500, 2000, 5000, 10_000, 20_000, 30_000];

/** Has an order carried out, listens to the end, and connects again where a run goes on without us. */
export async function converse(task: Conversation): Promise<Outcome> {
  const { scene, order } = task;
  const ear = new Ear(scene);
  let live = await Live.begin(task);
  const play = new Play(scene, {
    manifest: () => live.sendManifest(),
    contents: (wanted) => live.sendContents(wanted),
    answer: (value) => sendMessage(live.stdin, { kind: "answer", value }),
    terminal: (socket) => live.attachTerminal(socket),
  });
  const passSignal = () => void live.signal(scene.signal.reason as string);
  scene.signal.addEventListener("abort", passSignal, { once: true });
  if (scene.signal.aborted) passSignal();
  scene.onSecondSignal(() => {
    void live.signal("SIGINT");
    setTimeout(() => scene.end(exitCodes.interrupted), 2000);
  });
  try {
    await ear.listen(live.session, play);
    for (const pause of pauses) {
      if (play.isOver || ear.exit !== null || order.attached || play.run === null) break;
      scene.output.message(
        `The connection to ${live.host} broke. What was begun goes on there; connecting again.`,
      );
      await live.close();
      await sleep(pause, undefined, { signal: scene.signal });
      const next = await Live.follow(task, play.run, ear.offset).catch(notReached);
      if (next === null) continue;
      live = next;
      await ear.listen(live.session, play);
    }
    return conclude(task, live, play, ear);
  } finally {
    scene.signal.removeEventListener("abort", passSignal);
    await play.close();
    await live.close();
  }
}

function notReached(error: unknown): null {
  if (error instanceof StudioError && error.exitCode === exitCodes.unavailable) return null;
  throw error;
}

function conclude({ scene, order }: Conversation, live: Live, play: Play, ear: Ear): Outcome {
  if (play.failure !== null) throw play.failure;
  if (play.outcome !== null) return play.outcome;
  if (ear.exit !== null) throw crashed(live.host, order, ear.exit, scene.signal.aborted);
  if (!ear.isBegun) throw failedLaunch(live.host, live.session.complaints());
  throw lostRun(live.host, order, play.run !== null);
}

/** One session in which a run is spoken to. */
class Live {
  readonly session: Session;
  readonly host: string;
  readonly #connection: Connection;
  readonly #line: (...argv: string[]) => string;
  readonly #task: Conversation;
  #shipment: Shipment | null = null;

  private constructor(
    task: Conversation,
    connection: Connection,
    line: (...argv: string[]) => string,
  ) {
    this.#task = task;
    this.#connection = connection;
    this.#line = line;
    this.host = connection.host;
    this.session = connection.start(line("__relay"));
  }

  static async begin(task: Conversation): Promise<Live> {
    const { order, command, scene } = task;
    const live = new Live(task, ...(await task.open()));
    const hasTerminal = scene.terminal.stdin && scene.terminal.stdout && !order.options.json;
    const streams = command.handsOn !== true ? "none" : hasTerminal ? "terminal" : "pipes";
    const { home, attached } = order;
    await live.say({ kind: "open", home, attached, streams });
    await sendMessage(live.stdin, order);
    if (streams === "pipes") void live.sendInput();
    return live;
  }

  static async follow(task: Conversation, run: string, offset: number): Promise<Live> {
    const live = new Live(task, ...(await task.open()));
    await live.say({ kind: "follow", home: task.order.home, run, offset });
    return live;
  }

  get stdin() {
    const { stdin } = this.session.process;
    if (stdin === null) throw new Error("A session has a standard input.");
    return stdin;
  }

  private say(opening: Opening | Following): Promise<void> {
    return writeFrame(this.stdin, "message", JSON.stringify(opening));
  }

  async sendManifest(): Promise<void> {
    const { project, scene } = this.#task;
    this.#shipment = await prepareShipment(project, scene.env);
    await sendMessage(this.stdin, { kind: "manifest", files: this.#shipment.files });
  }

  async sendContents(wanted: readonly string[]): Promise<void> {
    if (this.#shipment === null) throw new Error("The host asked for files before their list.");
    const { sources } = this.#shipment;
    const bytes = wanted.reduce((sum, one) => sum + (sources.get(one)?.bytes ?? 0), 0);
    const size = (bytes / 1_000_000).toFixed(1);
    const files = wanted.length === 1 ? "file" : "files";
    this.#task.scene.output.message(
      `Sending ${wanted.length} ${files} (${size} MB) to ${this.host}`,
    );
    await sendContents(this.stdin, this.#shipment, wanted);
  }

  async sendInput(): Promise<void> {
    for await (const chunk of this.#task.scene.stdin) {
      await writeFrame(this.stdin, "input", chunk as Buffer);
    }
    await writeFrame(this.stdin, "inputEnd", "");
  }

  attachTerminal(socket: string): void {
    void this.#connection.attach(this.#line("__run", "terminal", socket)).catch(() => {});
  }

  signal(name: string): Promise<void> {
    return writeFrame(this.stdin, "signal", name);
  }

  async close(): Promise<void> {
    this.stdin.end();
    await this.#connection.close();
  }
}
