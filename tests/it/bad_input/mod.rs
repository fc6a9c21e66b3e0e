//! Bad input, and what it gets: a problem document with the right status and every security header, nothing stored by
//! halves, no failure, no panic, and no word of it in the log.
//!
//! The sweep walks the route list and, for what a body may be, the served document; a route that is added is swept
//! without a word here. What the sweep sends carries the mark, so that the look at the log, the files and the tables
//! after each story finds what was kept of it. Other tenants' ids have a sweep of their own: `isolation`.

mod connections;
mod large;
mod malformed;
mod replayed;
mod schema;
mod sweep;
