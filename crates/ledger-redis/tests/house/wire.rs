use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Passes bytes on to the server. Connections with a lower number than the counter, from 0 on,
/// stay open and swallow what the caller says.
pub(crate) async fn swallowing_wire(port: u16) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("redis://{}", listener.local_addr().unwrap());
    let swallowed = Arc::new(AtomicUsize::new(0));
    let first_open = swallowed.clone();
    tokio::spawn(async move {
        for number in 0.. {
            let (caller, _) = listener.accept().await.unwrap();
            let server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
            let first_open = first_open.clone();
            tokio::spawn(pass_on(caller, server, number, first_open));
        }
    });
    (url, swallowed)
}

async fn pass_on(
    mut caller: TcpStream,
    mut server: TcpStream,
    number: usize,
    first_open: Arc<AtomicUsize>,
) {
    let (mut question, mut answer) = ([0; 4096], [0; 4096]);
    loop {
        let passed = tokio::select! {
            read = caller.read(&mut question) => match read {
                Ok(1..) if number < first_open.load(Ordering::SeqCst) => continue,
                Ok(n @ 1..) => server.write_all(&question[..n]).await,
                _ => return,
            },
            read = server.read(&mut answer) => match read {
                Ok(n @ 1..) => caller.write_all(&answer[..n]).await,
                _ => return,
            },
        };
        passed.unwrap();
    }
}
