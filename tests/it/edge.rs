//! What holds at every address, whoever asks.

use seif::each_database;

each_database! {
    async fn the_process_and_what_it_needs_say_that_they_are_well(world: World) {
        let stranger = world.stranger();
        assert_eq!(stranger.get("/healthz").await.expect(200).text(), "ok\n");
        assert_eq!(stranger.get("/readyz").await.expect(200).text(), "ready\n");
    }

    async fn an_unknown_address_is_a_problem_document_with_every_security_header(world: World) {
        let answer = world.stranger().get("/nothing-here").await;
        for header in ["content-security-policy", "x-content-type-options", "referrer-policy", "x-frame-options", "permissions-policy", "cache-control"] {
            assert!(!answer.header(header).is_empty(), "{header}");
        }
        assert!(answer.header("strict-transport-security").is_empty(), "none for localhost");
        let _ = answer.problem(404, "not_found");
    }
}
