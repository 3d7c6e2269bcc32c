# The profile's variables for plays of your own, run by HashiCorp's provisioner ansible in place of the plugin's. It needs
# ansible-playbook on this host.
#
# The variables and the playbook are tested with each other; the provisioner ansible in this template is not, as its plugin
# cannot be built where this repository's tests run.
packer {
  required_plugins {
    airship = {
      source  = "github.com/airshipit/airship"
      version = ">= 0.1.0"
    }
    ansible = {
      source  = "github.com/hashicorp/ansible"
      version = "~> 1.1"
    }
  }
}

variable "verify_boot" {
  type    = bool
  default = true
}

variable "isolation" {
  type    = string
  default = "auto"
}

data "airship-nodeprofile" "node" {
  documents = ["${path.root}/node.yaml"]
}

source "airship" "node" {
  profile_yaml     = data.airship-nodeprofile.node.profile_yaml
  output_directory = "${path.root}/output/image"
  verify_boot      = var.verify_boot
  isolation        = var.isolation
}

build {
  sources = ["source.airship.node"]

  # Without Jinja in the profile, data.airship-nodeprofile.node.vars_json would do as the value of --extra-vars. Packer
  # takes {{ }} in arguments for its own, so the variables go by a file; and base64 keeps them from a shell.
  provisioner "shell-local" {
    inline = [
      "mkdir -p '${path.root}/output'",
      "echo '${base64encode(data.airship-nodeprofile.node.vars_yaml)}' | base64 -d > '${path.root}/output/vars.yaml'",
    ]
  }

  provisioner "ansible" {
    playbook_file   = "${path.root}/site.yml"
    extra_arguments = ["--extra-vars", "@${path.root}/output/vars.yaml"]
    # Whoever runs packer, Ansible works as root in the image and there has its temporary files.
    user = "root"
    # The provisioner's SSH server stands between, and has no scp.
    ansible_env_vars = ["ANSIBLE_SSH_TRANSFER_METHOD=piped"]
  }
}
