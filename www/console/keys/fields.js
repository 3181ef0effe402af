// Changes a field of a hash and keeps its expiry.

/** In place of a reply: the server has no such command, or this user may not run it. */
const UNKNOWN = Symbol("unknown");
const DENIED = Symbol("denied");

/** Sets an existing field and keeps its expiry; otherwise changes nothing. */
export async function setField(session, key, field, value) {
  const set = () => session.send("HSET", key, field, value);
  const ask = (...words) =>
    session.quietly({ bytes: true }, ...words).catch((error) => {
      if (error.name === "Denied") return DENIED;
      if (/unknown command/i.test(error.serverText ?? "")) return UNKNOWN;
      throw error;
    });
  if (!mayExpire(session.client.status().connections[0]?.server)) return set();
  const one = ["FIELDS", 1, field];
  const kept = await ask("HSETEX", key, "FXX", "KEEPTTL", ...one, value);
  if (kept === 1) return kept;
  if (kept === 0) throw gone();
  const times = await ask("HPEXPIRETIME", key, ...one);
  if (times === UNKNOWN) return set();
  if (times === DENIED) throw new Error("This user may run neither HSETEX nor HPEXPIRETIME: saving could take the field's expiry away.");
  const time = Number(times?.[0] ?? -2);
  if (time === -2) throw gone();
  if (time === -1) return set();
  return session.client.multi().send("HSET", key, field, value).send("HPEXPIREAT", key, time, ...one).exec();
}

function gone() {
  return new Error("The field was deleted meanwhile. Reload the key.");
}

/** Whether this server may have fields that expire: Redis since 7.4, Valkey since 9. */
function mayExpire(server) {
  const [major, minor] = (server?.version ?? "").split(".").map(Number);
  if (!(major > 0) || !/^(redis|valkey)$/.test(server.product)) return true;
  return server.product === "redis" ? major > 7 || (major === 7 && minor >= 4) : major >= 9;
}
