use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, OnceLock};

/// A second handle on the connection's socket. Dropping it cuts the connection.
#[derive(Default)]
pub(crate) struct Socket(pub(crate) Arc<OnceLock<TcpStream>>);

pub(crate) fn duplicate(stream: &tokio::net::TcpStream) -> std::io::Result<TcpStream> {
    use std::os::fd::AsFd;
    Ok(TcpStream::from(stream.as_fd().try_clone_to_owned()?))
}

impl Socket {
    pub(crate) fn cutter(&self) -> Cutter {
        Cutter(self.0.clone())
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.cutter().cut();
    }
}

/// Cuts a connection: the broker then ends everything that was open on it.
#[derive(Clone)]
pub(crate) struct Cutter(Arc<OnceLock<TcpStream>>);

impl Cutter {
    pub(crate) fn cut(&self) {
        if let Some(stream) = self.0.get() {
            // Usually closed already.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}
