// The catalogue in Node: `node show.js redis://localhost:6379`

import { connect } from "redmux";

import { facets, fill, search, sell, similar, soldByHour, visit, visitors } from "./catalog.js";

const redis = await connect(process.argv[2] ?? "redis://localhost:6379");
try {
  await fill(redis);
  const found = await search(redis, { words: "warm light", most: 100 });
  for (const { name, price, about } of found) console.log(`${name} for ${price}: ${about}`);
  for (const { name } of await similar(redis, found.at(-1), 2)) console.log(`like ${found.at(-1).name}: ${name}`);
  for (const { category, products, from, to } of await facets(redis, {})) console.log(`${category}: ${products} from ${from} to ${to}`);
  console.log(`left of ${found[0].name}: ${(await sell(redis, found[0], 2)) ?? "too few"}`);
  for (const { category, at, sold } of await soldByHour(redis, Date.now() - 86_400_000)) console.log(`${category}: ${sold} sold in the hour from ${new Date(at).toISOString()}`);
  console.log(`new here: ${await visit(redis, found[0], "ada")}`);
  console.log(`visitors: ${await visitors(redis, found)}`);
} finally {
  await redis.close();
}
