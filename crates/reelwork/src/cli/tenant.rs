use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct TenantArg {
    #[arg(long, default_value = "default")]
    pub(crate) tenant: String,
}
