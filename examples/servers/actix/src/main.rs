//! A rate limit with actix-web: all workers and all instances count in one place.
//!
//! `cargo run -- localhost:6379 127.0.0.1:3000 5`, the last being how many requests an address has in ten seconds

use std::time::Duration;

use actix_web::{
    App, Error, HttpResponse, HttpServer, Responder,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    get,
    http::header::{HeaderName, HeaderValue, RETRY_AFTER},
    middleware::{Next, from_fn},
    web,
};
use redmux::{Database, database::scripting::Script};

const WINDOW: Duration = Duration::from_secs(10);
/// Without an answer in this time, a request goes on uncounted.
const PATIENCE: Duration = Duration::from_millis(200);
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");

/// Counts a request and says how many there are, and in how many milliseconds the count begins anew.
///
/// One script, so that a count never stays without an expiry.
const COUNT: &str = "
    local count = redis.call('INCR', KEYS[1])
    if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
    return {count, redis.call('PTTL', KEYS[1])}";

/// Shared by all workers of the server, and so is its connection.
struct Limit {
    db: Database,
    count: Script,
    requests: i64,
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let redis = args.next().unwrap_or_else(|| "localhost:6379".to_owned());
    let address = args.next().unwrap_or_else(|| "127.0.0.1:3000".to_owned());
    let requests = args.next().map_or(Ok(5), |text| text.parse())?;

    let muxer = redmux::tokio::connect(redis).await?;
    let db = muxer.database();
    let limit = web::Data::new(Limit { db, count: Script::new(COUNT), requests });
    let server = HttpServer::new(move || {
        App::new().app_data(limit.clone()).wrap(from_fn(limited)).service(hello)
    })
    .bind(address)?;
    for address in server.addrs() {
        println!("http://{address}");
    }
    server.run().await?;
    muxer.close().await;
    Ok(())
}

#[get("/")]
async fn hello() -> impl Responder {
    "hello"
}

/// Lets a request through, unless its address has had too many.
async fn limited(
    limit: web::Data<Limit>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let who = request.peer_addr().map_or_else(String::new, |peer| peer.ip().to_string());
    let counted = limit
        .db
        .script(&limit.count)
        .key(format!("requests:{who}"))
        .arg(WINDOW.as_millis() as u64)
        .timeout(PATIENCE)
        .run::<(i64, u64)>()
        .await;
    let (count, left) = match counted {
        Ok(counted) => counted,
        Err(error) => {
            // A limit that cannot be looked up stops nobody.
            eprintln!("{error}");
            return Ok(next.call(request).await?.map_into_left_body());
        }
    };
    if count > limit.requests {
        let seconds = left.div_ceil(1000).to_string();
        let reply = HttpResponse::TooManyRequests().insert_header((RETRY_AFTER, seconds)).finish();
        return Ok(request.into_response(reply).map_into_right_body());
    }
    let mut reply = next.call(request).await?;
    let remaining = HeaderValue::from(limit.requests - count);
    reply.headers_mut().insert(REMAINING, remaining);
    Ok(reply.map_into_left_body())
}
