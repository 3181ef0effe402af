// Users that log in and out, in any number of processes.

import express from "express";
import session from "express-session";
import { connect } from "redmux";
import { RedisStore } from "redmux/express-session";

const { REDIS_URL = "redis://localhost:6379", PORT = "3000", SECRET = "only for trying", SECONDS = "1800" } = process.env;

// The process starts without Redis, too, and connects when it is there.
const redis = await connect(REDIS_URL, { abortOnConnectFail: false });
redis.on("connectionFailed", ({ message }) => console.error(message));
redis.on("connectionRestored", ({ message }) => console.error(message));

const app = express();
app.use(express.urlencoded({ extended: false }));
app.use(
  session({
    store: new RedisStore({ client: redis, prefix: "example:session:" }),
    secret: SECRET,
    resave: false,
    saveUninitialized: false,
    // Each request begins the time anew.
    rolling: true,
    cookie: { maxAge: Number(SECONDS) * 1000, sameSite: "lax" },
  }),
);

app.post("/login", (request, response, next) => {
  // Another id, so that one that somebody has seen is worth nothing.
  request.session.regenerate((error) => {
    if (error) return next(error);
    request.session.user = { name: String(request.body?.name ?? "nobody"), since: Date.now() };
    response.json(request.session.user);
  });
});
app.get("/me", (request, response) => {
  if (!request.session.user) return response.status(401).json({ error: "not logged in" });
  request.session.visits = (request.session.visits ?? 0) + 1;
  response.json({ ...request.session.user, visits: request.session.visits });
});
app.post("/logout", (request, response, next) => {
  request.session.destroy((error) => (error ? next(error) : response.json({ bye: true })));
});
app.use((error, request, response, next) => {
  console.error(error.message);
  if (response.headersSent) return next(error);
  response.status(503).json({ error: "sessions are not available" });
});

const server = app.listen(Number(PORT), () => console.log(`listening on ${server.address().port}`));
process.once("SIGTERM", () => {
  server.close(() => redis.close());
  server.closeIdleConnections();
});
