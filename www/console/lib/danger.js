// Commands that need a confirmation.

const WHY = new Map(Object.entries({
  "ACL DELUSER": "deletes users, and closes their connections",
  "ACL LOAD": "replaces all users by those of the file",
  "ACL SAVE": "overwrites the file of users",
  "ACL SETUSER": "changes what a user may do",
  "CLIENT KILL": "closes connections of other clients",
  "CLIENT PAUSE": "stops the commands of all clients",
  "CLUSTER FAILOVER": "changes the cluster",
  "CLUSTER FLUSHSLOTS": "changes the cluster",
  "CLUSTER FORGET": "changes the cluster",
  "CLUSTER MEET": "changes the cluster",
  "CLUSTER REPLICATE": "changes the cluster",
  "CLUSTER RESET": "takes this server out of its cluster",
  "CLUSTER SETSLOT": "changes the cluster",
  "CONFIG RESETSTAT": "sets the server's statistics to zero",
  "CONFIG REWRITE": "overwrites the server's configuration file",
  "CONFIG SET": "changes the server for everybody",
  DEBUG: "may stop or crash the server",
  FAILOVER: "makes a replica the master",
  FLUSHALL: "deletes every key of every database",
  FLUSHDB: "deletes every key of this database",
  "FT.DROPINDEX": "deletes a search index",
  "FUNCTION DELETE": "deletes a library of functions",
  "FUNCTION FLUSH": "deletes all functions",
  "FUNCTION KILL": "ends a function that others wait for",
  "FUNCTION RESTORE": "changes the functions of the server",
  KEYS: "looks at every key at once, and the server does nothing else meanwhile; SCAN does not hold it up",
  "LATENCY RESET": "deletes what the server has measured",
  "MEMORY PURGE": "makes the allocator give memory back, which may take time",
  MIGRATE: "moves keys to another server",
  "MODULE LOAD": "runs native code inside the server",
  "MODULE LOADEX": "runs native code inside the server",
  "MODULE UNLOAD": "takes commands and types away",
  REPLICAOF: "makes this server the copy of another, and deletes what it holds",
  SAVE: "writes the database to disk, and the server does nothing else meanwhile",
  "SCRIPT FLUSH": "deletes all cached scripts",
  "SCRIPT KILL": "ends a script that others wait for",
  SHUTDOWN: "stops the server",
  SLAVEOF: "makes this server the copy of another, and deletes what it holds",
  "SLOWLOG RESET": "empties the slow log",
  SWAPDB: "exchanges two databases for every client",
}));

/** Why to ask before a command; `null` if there is no reason. The words are texts or bytes. */
export function dangerOf(words) {
  const [first, second] = words.map((word) => (typeof word === "string" ? word.toUpperCase() : ""));
  return WHY.get(first) ?? WHY.get(`${first} ${second}`) ?? null;
}
