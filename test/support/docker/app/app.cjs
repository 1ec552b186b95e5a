// A stand-in for an application, told by its environment how to behave.
const { createServer } = require("node:http");

const {
  STUDIO_RELEASE = "none",
  PORT = "8000",
  BOOT_MS = "300",
  /** Never ready. */
  SICK = "",
  /** Ends at once on SIGTERM, in the middle of its requests. */
  ABRUPT = "",
} = process.env;

const begun = Date.now();

/** It was told to be ready no more. */
let sickened = false;

const isReady = () => SICK === "" && !sickened && Date.now() - begun >= Number(BOOT_MS);

const routes = {
  "/health/live": (answer) => answer(200, "alive"),
  "/health/ready": (answer) => (isReady() ? answer(200, "ready") : answer(503, "not ready")),
  "/sicken": (answer) => {
    sickened = true;
    answer(200, "sick from now on");
  },
  "/slow": (answer) => setTimeout(() => answer(200, "slow"), 500),
  "/stream": (_answer, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    const tick = setInterval(() => response.write("data: tick\n\n"), 200);
    response.on("close", () => clearInterval(tick));
  },
};

const server = createServer((request, response) => {
  response.setHeader("x-studio-release", STUDIO_RELEASE);
  const answer = (status, text) => response.writeHead(status).end(`${text}\n`);
  const route = routes[new URL(request.url, "http://app").pathname];
  request.resume().on("end", () => {
    if (route === undefined) answer(200, `release ${STUDIO_RELEASE}`);
    else route(answer, response);
  });
});
server.keepAliveTimeout = 5000;
setTimeout(() => server.listen(Number(PORT), "0.0.0.0"), Number(BOOT_MS));

process.on("SIGTERM", () => {
  if (ABRUPT !== "") process.exit(1);
  server.close(() => process.exit(0));
  server.closeIdleConnections();
  setTimeout(() => process.exit(0), 3000);
});
