//! The list of routes: every address of the service, with the rule of its handler's own signature.
//!
//! A handler's first argument is [`Authorized`]`<P>`; one without does not fit [`get`] and its like, so nothing is open
//! by omission. The access matrix walks this list.

use std::collections::BTreeMap;
use std::future::Future;

use actix_web::http::Method;
use actix_web::{FromRequest, Handler, Responder, web};

use crate::kernel::access::{Authorized, Permission, Rule};
use crate::web::problem::Problem;
use crate::web::{api, site};

/// One method at one address.
pub struct Route {
    /// The method.
    pub method: Method,
    /// The pattern: `/api/v1/tokens/{id}`.
    pub path: &'static str,
    /// What its handler asks of a caller.
    pub rule: Rule,
    mount: Box<dyn Fn() -> actix_web::Route>,
}

/// A handler whose first argument says who may call it.
pub trait Guarded<Args> {
    /// The rule of its permission.
    const RULE: Rule;
}

macro_rules! guarded {
    ($($argument:ident)*) => {
        impl<H, P, Out, $($argument),*> Guarded<(Authorized<P>, $($argument,)*)> for H
        where
            H: Fn(Authorized<P>, $($argument),*) -> Out,
            Out: Future,
            P: Permission,
        {
            const RULE: Rule = P::RULE;
        }
    };
}

guarded! {}
guarded! { A }
guarded! { A B }
guarded! { A B C }
guarded! { A B C D }
guarded! { A B C D E }
guarded! { A B C D E F }

fn route<H, Args>(method: Method, path: &'static str, handler: H) -> Route
where
    H: Handler<Args> + Guarded<Args>,
    Args: FromRequest + 'static,
    H::Output: Responder + 'static,
{
    let verb = method.clone();
    let mount = Box::new(move || web::method(verb.clone()).to(handler.clone()));
    Route { method, path, rule: H::RULE, mount }
}

macro_rules! verbs {
    ($($(#[$doc:meta])* $name:ident => $method:ident;)+) => {$(
        $(#[$doc])*
        pub fn $name<H, Args>(path: &'static str, handler: H) -> Route
        where
            H: Handler<Args> + Guarded<Args>,
            Args: FromRequest + 'static,
            H::Output: Responder + 'static,
        {
            route(Method::$method, path, handler)
        }
    )+};
}

verbs! {
    /// `GET path`; `HEAD` is answered with it.
    get => GET;
    /// `POST path`.
    post => POST;
    /// `PUT path`.
    put => PUT;
    /// `PATCH path`.
    patch => PATCH;
    /// `DELETE path`.
    delete => DELETE;
}

/// Every route of the service.
#[must_use]
pub fn all() -> Vec<Route> {
    let mut routes = Vec::new();
    routes.extend(api::routes());
    routes.extend(site::routes());
    routes
}

/// Mounts every route; another method at a known address is 405 with `Allow`, an unknown address 404.
pub fn mount(config: &mut web::ServiceConfig) {
    let mut by_path: BTreeMap<&'static str, Vec<Route>> = BTreeMap::new();
    for route in all() {
        by_path.entry(route.path).or_default().push(route);
    }
    for (path, routes) in by_path {
        let mut resource = web::resource(path);
        let mut allowed = Vec::new();
        for route in routes {
            if route.method == Method::GET {
                allowed.push(Method::HEAD);
                // HEAD runs the same handler; actix leaves the body out.
                resource = resource.route((route.mount)().method(Method::HEAD));
            }
            resource = resource.route((route.mount)());
            allowed.push(route.method);
        }
        let refuse = move || {
            let allowed = allowed.clone();
            async move { Problem::MethodNotAllowed { allowed } }
        };
        config.service(resource.default_service(web::to(refuse)));
    }
}
